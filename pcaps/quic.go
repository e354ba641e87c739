// A client and a server of HTTP/3 over QUIC, for captures: quic-go, as Debian has it.
//
// usage: quic serve ADDRESS CERTIFICATE KEY VERSION [retry]
//
//	quic get LOCAL URL VERSION [TIMES]
//
// With TIMES the client connects so often, and sends early data from the second time on.
package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/lucas-clemente/quic-go"
	"github.com/lucas-clemente/quic-go/http3"
)

var versions = map[string]quic.VersionNumber{"1": quic.Version1, "29": quic.VersionDraft29}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func config(name string) *quic.Config {
	return &quic.Config{Versions: []quic.VersionNumber{versions[name]}, MaxIdleTimeout: 2 * time.Second}
}

func serve(address, cert, key, version string, retry bool) {
	told := config(version)
	told.RequireAddressValidation = func(net.Addr) bool { return retry }
	say := func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "heron") }
	server := http3.Server{Addr: address, Handler: http.HandlerFunc(say), QuicConfig: told}
	check(server.ListenAndServeTLS(cert, key))
}

func get(local, url, version string, times int) {
	cache := tls.NewLRUClientSessionCache(4)
	for n := 0; n < times; n++ {
		from, err := net.ResolveUDPAddr("udp", local)
		check(err)
		from.Port += n
		socket, err := net.ListenUDP("udp", from)
		check(err)
		dial := func(ctx context.Context, addr string, of *tls.Config, told *quic.Config) (quic.EarlyConnection, error) {
			to, err := net.ResolveUDPAddr("udp", addr)
			check(err)
			return quic.DialEarlyContext(ctx, socket, to, "nightjar.test", of, told)
		}
		told := &tls.Config{InsecureSkipVerify: true, ClientSessionCache: cache, ServerName: "nightjar.test"}
		way := &http3.RoundTripper{TLSClientConfig: told, QuicConfig: config(version), Dial: dial}
		method := http.MethodGet
		if times > 1 {
			method = http3.MethodGet0RTT
		}
		request, err := http.NewRequest(method, url, nil)
		check(err)
		reply, err := way.RoundTrip(request)
		if err == nil {
			_, err = io.Copy(os.Stdout, reply.Body)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		time.Sleep(100 * time.Millisecond)
		way.Close()
		socket.Close()
	}
}

func main() {
	args := os.Args
	switch {
	case len(args) > 5 && args[1] == "serve":
		serve(args[2], args[3], args[4], args[5], len(args) > 6)
	case len(args) > 4 && args[1] == "get":
		times := 1
		if len(args) > 5 {
			n, err := strconv.Atoi(args[5])
			check(err)
			times = n
		}
		get(args[2], args[3], args[4], times)
	default:
		fmt.Fprintln(os.Stderr, "usage: see the source")
		os.Exit(2)
	}
}
