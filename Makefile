# make demo        build, replay a capture that ships, show the logs
# make demo-cluster counting across sensors on this machine: a broker, two sensors, two who count, one killed
# make test        everything that is tested; what CI runs
# make test-kafka  export to real Kafka brokers at full length: 1,000,000 rows, a minute's outage
# make soak        ten minutes of mixed live traffic: memory stays flat (root)
# make fuzz        ten million operations on the reassembler, and every fuzz target for FUZZ_SECONDS (nightly, cargo-fuzz)
# make packages    .deb and .rpm in target/packages (cargo-deb, cargo-generate-rpm)
# make test-packages  installs, runs, upgrades and removes them, in a copy of this machine that is gone afterwards (root)
# make bench       speed and memory against tcpdump, on captures of real traffic made here (root)
# make bench BASE=path   the same captures with another nightjar, pair by pair
# make bench-live  the highest rate without loss on a live link, beside tcpdump (root; after make bench)
# make bench-kafka export to a broker on this machine beside Kafka's own producer (after make bench)
# make pcaps       record the captures in pcaps/ again (root), and their golden logs
# make clean

# What is reached and must not be lost, in percent of rows exactly as Zeek's in the captures of $(SHARED)/corpus.
# Where reasons in analyzer.log differ, Zeek's name the folder in which it was built. Rows of smtp.log differ by identifiers
# that are random (fuids), and by the order of sets.
CONFORMANCE_MIN = conn=99.4,http=99.3,dns=99.9,files=97.0,tunnel=97.6,weird=97.8,analyzer=85.2,dpd=97.0,ssh=100,syslog=100,ssl=99.1,x509=99.9,ftp=100,mysql=100,dhcp=100,ntp=100,snmp=100,radius=100,modbus=94.6,dnp3=100,irc=100,websocket=100,rfb=100,pe=100,sip=100,mqtt_connect=100,mqtt_publish=95.7,mqtt_subscribe=100,smtp=45.4,socks=66.6,rdp=100,smb_files=97.8,smb_mapping=100,dce_rpc=100,ntlm=100,kerberos=100

TARGET = $(or $(CARGO_TARGET_DIR),target)
SHARED = ../shared
COMPARE = $(SHARED)/conformance/compare
# Where rustup puts cargo, for shells that were not told.
export PATH := $(PATH):$(HOME)/.cargo/bin

# What Debian packages the build and the tests need beside Rust.
BUILD_NEEDS = gcc g++ make pkg-config libc6-dev libpcap-dev libssl-dev zlib1g-dev libsasl2-dev libcurl4-openssl-dev
TEST_NEEDS = $(BUILD_NEEDS) python3 mount tcpdump iproute2 iputils-ping nginx openssl unbound curl bind9-dnsutils tcpreplay \
  util-linux prometheus python3-confluent-kafka default-jre-headless maven krb5-kdc krb5-admin-server krb5-user libsasl2-modules-gssapi-mit \
  python3-aiosmtpd
PACKAGE_NEEDS = $(BUILD_NEEDS) binutils dpkg-dev git
PACKAGE_TEST_NEEDS = adduser curl file iproute2 procps rpm tcpreplay util-linux
KAFKA_BENCH_NEEDS = $(BUILD_NEEDS) python3 default-jre-headless maven
BENCH_NEEDS = $(BUILD_NEEDS) python3 tcpdump tcpreplay iproute2 ethtool procps openssl nginx wrk apache2-utils unbound dnsperf

.PHONY: demo demo-cluster release test test-kafka soak fuzz packages test-packages lint conformance bench bench-live bench-kafka pcaps clean

demo: release
	@tools/demo $(TARGET)/release/nightjar

demo-cluster: release
	@tools/need $(KAFKA_BENCH_NEEDS)
	@tools/demo-cluster $(TARGET)/release/nightjar

release:
	@tools/need $(BUILD_NEEDS)
	@cargo build --release --locked --quiet

# The development profile is optimised, and unlike release it checks arithmetic and assertions.
# Brokers are waited for more than they work: meanwhile the other tests run, but for those of live capture, which look at
# the clock.
test: lint
	cargo test --workspace --locked --no-run
	@told=$$(mktemp); cargo test --locked --package nightjar --test kafka >$$told 2>&1 & kafka=$$!; \
	  cargo test --workspace --locked --lib --bins --test '[!kl]*' && cargo test --workspace --locked --doc; others=$$?; \
	  wait $$kafka; exported=$$?; cat $$told; rm -f $$told; exit $$((others | exported))
	cargo test --locked --package nightjar --test live
	@$(MAKE) --no-print-directory conformance

# `make test` runs the same with fewer rows and shorter failures.
test-kafka:
	@tools/need $(TEST_NEEDS) iproute2
	NIGHTJAR_TEST_KAFKA=1 cargo test --locked --package nightjar --test kafka -- --nocapture

# `make test` runs the same for a quarter of a minute.
soak:
	@tools/need $(TEST_NEEDS)
	NIGHTJAR_SOAK=600 cargo test --locked --package nightjar --test live soak -- --nocapture

FUZZ_SECONDS = 120

# What is found new stays in $(TARGET); what is committed is only read.
fuzz:
	REASSEMBLY_OPERATIONS=10000000 cargo test --locked --package nightjar --lib reassembly::model -- --nocapture
	@for crate in protocols sensor; do for name in $$(cd $$crate && cargo +nightly fuzz list); do \
	  new=$$(realpath -m $(TARGET)/fuzz/$$name); old=$$(ls -d $$PWD/$$crate/fuzz/corpus/$$name 2>/dev/null); mkdir -p $$new; \
	  (cd $$crate && cargo +nightly fuzz run -s none $$name $$new $$old -- -max_total_time=$(FUZZ_SECONDS)) || exit 1; done; done

# Two tools of cargo's, into target/tools unless they are there.
packages: export PATH := $(PWD)/target/tools/bin:$(PATH)
packages: release
	@tools/need $(PACKAGE_NEEDS)
	@command -v cargo-deb >/dev/null || cargo install --quiet --locked --root target/tools cargo-deb@3
	@command -v cargo-generate-rpm >/dev/null || cargo install --quiet --locked --root target/tools cargo-generate-rpm@0.21
	@packaging/stage $(TARGET)/release/nightjar target/stage
	@mkdir -p target/packages && rm -f target/packages/*
	@cargo deb --quiet --no-build --strip --package nightjar --output target/packages/
	@cargo generate-rpm --package sensor --output target/packages/
	@ls -l target/packages

test-packages: packages
	@tools/need $(PACKAGE_TEST_NEEDS)
	@packaging/test target/packages/*.deb target/packages/*.rpm pcaps/http.pcap

lint:
	@tools/need $(TEST_NEEDS)
	@cargo fmt --version >/dev/null 2>&1 || rustup component add rustfmt
	@cargo clippy --version >/dev/null 2>&1 || rustup component add clippy
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --quiet -- -D warnings

# The captures' Zeek was built without Spicy: what it could not read is not read here either, so that all that is compared is
# what both say of the same protocols. Connections of protocols that are not written are left out.
UNKNOWN_TO_ZEEK = QUIC LDAP_TCP LDAP_UDP REDIS MEMCACHED FINGER S7COMM_TCP ENIP_TCP ENIP_UDP BACNET
comma = ,
as_that_zeek = Analyzer::disabled_analyzers += { $(subst $() ,$(comma) ,$(UNKNOWN_TO_ZEEK:%=Analyzer::ANALYZER_%)) }

conformance:
	@cargo build --workspace --locked --quiet
	@if [ -x $(COMPARE) ]; then \
	  $(COMPARE) --cmd '$(TARGET)/debug/nightjar --quiet -C -r {pcap} LogAscii::use_json=T "$(as_that_zeek)"' \
	    --services "$$($(TARGET)/debug/nightjar services | paste -sd,)" --min $(CONFORMANCE_MIN); \
	else echo "no $(COMPARE) here: logs are not compared with Zeek's"; fi

bench: release
	@tools/need $(BENCH_NEEDS)
	@tools/bench $(TARGET)/release/nightjar bench-data $(BASE)

bench-live: release
	@tools/need $(BENCH_NEEDS)
	@tools/bench-live $(TARGET)/release/nightjar bench-data/web.pcap bench-data/short.pcap bench-data/dns.pcap

bench-kafka: release
	@tools/need $(KAFKA_BENCH_NEEDS)
	@tools/bench-kafka $(TARGET)/release/nightjar sensor/tests/kafka/start-broker bench-data/short.pcap bench-data

pcaps:
	pcaps/make
	NIGHTJAR_BLESS=1 cargo test --locked --package nightjar --test all golden
	@git status --short pcaps tests/golden

clean:
	cargo clean
	rm -rf bench-data
