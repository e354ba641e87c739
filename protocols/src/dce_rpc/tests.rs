use super::fuzz::told;
use super::*;
use crate::tests::over_seeds;

/// The endpoint mapper.
const EPM: Uuid = *b"\x08\x83\xaf\xe1\x1f\x5d\xc9\x11\x91\xa4\x08\0\x2b\x14\xa0\xfa";

/// A PDU of a type with flags, of a call; `auth` is a proof of a kind.
fn pdu(kind: u8, flags: u8, call: u32, body: &[u8], auth: Option<(u8, &[u8])>) -> Vec<u8> {
    let (behind, auth_len) = match auth {
        Some((kind, blob)) => ([&[kind, 6, 0, 0, 0, 0, 0, 0][..], blob].concat(), blob.len() as u16),
        None => (Vec::new(), 0),
    };
    let len = (16 + body.len() + behind.len()) as u16;
    let header = [5, 0, kind, flags, 0x10, 0, 0, 0];
    let (len, auth_len) = (len.to_le_bytes(), auth_len.to_le_bytes());
    [&header[..], &len, &auth_len, &call.to_le_bytes(), body, &behind].concat()
}

fn bind(contexts: &[(u16, Uuid)]) -> Vec<u8> {
    let context = |(id, uuid): &(u16, Uuid)| {
        [&id.to_le_bytes()[..], &[1, 0], &uuid[..], &[3, 0, 0, 0], &[9; 16], &[2, 0, 0, 0]].concat()
    };
    let contexts: Vec<u8> = [vec![contexts.len() as u8, 0, 0, 0]]
        .into_iter()
        .chain(contexts.iter().map(context))
        .flatten()
        .collect();
    [&[0xd0, 0x16, 0xd0, 0x16, 0, 0, 0, 0][..], &contexts].concat()
}

fn bind_ack(address: &[u8]) -> Vec<u8> {
    let len = (address.len() as u16).to_le_bytes();
    let pad = vec![0; (10 + address.len()).next_multiple_of(4) - 10 - address.len()];
    [&[0xd0, 0x16, 0xd0, 0x16, 1, 0, 0, 0][..], &len, address, &pad, &[1, 0, 0, 0], &[0; 24]].concat()
}

fn request(context: u16, operation: u16, stub: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0][..], &context.to_le_bytes(), &operation.to_le_bytes(), stub].concat()
}

fn response(context: u16, stub: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0][..], &context.to_le_bytes(), &[0, 0], stub].concat()
}

/// What is told of PDUs of both sides, in their order, without what every PDU tells.
fn heard(pdus: &[(bool, Vec<u8>)]) -> Vec<String> {
    struct Heard(Vec<String>);
    impl Handler for Heard {
        fn pdu(&mut self, _: bool, _: u8) {}

        fn auth(&mut self, _: bool, kind: u8, blob: &[u8]) {
            self.0.push(format!("auth {kind} {}", blob.len()));
        }

        fn bind(&mut self, context: u16, interface: &Interface, alter: bool) {
            self.0.push(format!("bind {context} {:?} {alter}", names::endpoint(&interface.uuid)));
        }

        fn bind_ack(&mut self, address: &[u8]) {
            self.0.push(format!("ack {}", String::from_utf8_lossy(address)));
        }

        fn alter_ack(&mut self) {
            self.0.push("alter ack".to_owned());
        }

        fn request(&mut self, context: u16, operation: u16, stub: &[u8]) {
            self.0.push(format!("request {context} {operation} {}", stub.len()));
        }

        fn response(&mut self, context: u16, operation: u16, stub: &[u8]) {
            self.0.push(format!("response {context} {operation} {}", stub.len()));
        }

        fn confirmed(&mut self) {}

        fn weird(&mut self, weird: Weird) {
            self.0.push(weird.name().to_owned());
        }

        fn violation(&mut self, reason: &str) {
            self.0.push(reason.to_owned());
        }
    }
    let limits = Limits { messages: 2, message: 100, contexts: 4 };
    let (mut session, mut heard) = (Session::new(limits), Heard(Vec::new()));
    for (is_orig, pdu) in pdus {
        session.data(*is_orig, pdu, &mut heard);
    }
    heard.0
}

#[test]
fn calls_are_told_with_the_operation_that_they_answer() {
    let told = heard(&[
        (true, pdu(11, 3, 1, &bind(&[(0, EPM), (7, [1; 16])]), Some((10, b"NTLMSSP")))),
        (false, pdu(12, 3, 1, &bind_ack(b"135\0"), None)),
        (true, pdu(0, 3, 2, &request(0, 3, b"stub"), None)),
        (false, pdu(2, 3, 2, &response(0, b"result"), None)),
        (true, pdu(14, 3, 3, &bind(&[(1, EPM)]), None)),
        (false, pdu(15, 3, 3, &bind_ack(b""), None)),
    ]);
    let epm = "Some(\"epmapper\")";
    assert_eq!(
        told,
        [
            "auth 10 7",
            &format!("bind 0 {epm} false"),
            "bind 7 None false",
            "ack 135",
            "request 0 3 4",
            "response 0 3 6",
            &format!("bind 1 {epm} true"),
            "alter ack",
        ]
    );
}

#[test]
fn fragments_are_put_together() {
    let told = heard(&[
        (true, pdu(0, 1, 2, &request(0, 3, b"one"), None)),
        (true, pdu(0, 0, 2, b"two", None)),
        (true, pdu(0, 0, 9, b"of nothing", None)),
        (true, pdu(0, 2, 2, b"three", None)),
    ]);
    assert_eq!(told, ["request 0 3 11"]);
}

#[test]
fn what_is_too_much_ends_it() {
    let first = |call| (true, pdu(0, 1, call, &request(0, 3, b""), None));
    let after = (true, pdu(0, 3, 9, &request(0, 3, b""), None));
    let many = heard(&[first(1), first(2), first(3), after.clone()]);
    assert_eq!(many, ["too_many_dce_rpc_msgs_in_reassembly"]);
    assert_eq!(
        heard(&[first(1), first(1), after.clone()]),
        ["multiple_first_fragments_in_dce_rpc_reassembly"]
    );
    let much = heard(&[first(1), (true, pdu(0, 0, 1, &[0; 100], None)), after]);
    assert_eq!(much, ["too_much_dce_rpc_fragment_data"]);
}

#[test]
fn what_is_broken_costs_what_has_arrived() {
    let mut wrong = pdu(0, 3, 1, &request(0, 3, b""), None);
    wrong[10] = 99;
    let right = pdu(0, 3, 1, &request(0, 3, b""), None);
    let told = heard(&[(true, [wrong, right.clone()].concat()), (true, b"x".repeat(16)), (true, right)]);
    let negative = "Binpac exception: binpac exception: out_of_bound: DCE_RPC_PDU:frag: -83 > 24";
    let version = "Binpac exception: binpac exception: &enforce violation : DCE_RPC_Header:rpc_vers";
    assert_eq!(told, [negative, version, "request 0 3 0"]);
}

#[test]
fn both_orders_of_bytes_are_read() {
    let mut big = pdu(0, 3, 1, &[0, 0, 0, 0, 0, 7, 0, 9], None);
    big[4] = 0;
    big[8..10].reverse();
    assert_eq!(heard(&[(true, big)]), ["request 7 9 0"]);
}

#[test]
fn a_stream_is_the_same_however_it_is_cut() {
    let stream = [
        pdu(11, 3, 1, &bind(&[(0, EPM)]), Some((9, b"spnego"))),
        pdu(0, 1, 2, &request(0, 3, b"one"), None),
        pdu(0, 2, 2, b"two", None),
    ]
    .concat();
    let whole = told(&[&stream]);
    for at in 0..stream.len() {
        assert_eq!(told(&[&stream[..at], &stream[at..]]), whole, "cut at {at}");
    }
}

#[test]
fn interfaces_and_operations_have_names() {
    assert_eq!(uuid_text(&EPM), "e1af8308-5d1f-11c9-91a4-08002b14a0fa");
    assert_eq!(names::parse(&uuid_text(&EPM)), Some(EPM));
    assert_eq!((names::endpoint(&EPM), names::operation(&EPM, 3)), (Some("epmapper"), Some("ept_map")));
    let of = |uuid: &str, number| names::operation(&names::parse(uuid).unwrap(), number);
    assert_eq!(of("4b324fc8-1670-01d3-1278-5a47bf6ee188", 0x39), Some("NetrShareDelEx"));
    assert_eq!(of("4b324fc8-1670-01d3-1278-5a47bf6ee188", 0x36), None);
    assert_eq!(of("12345778-1234-abcd-ef00-0123456789ac", 0x45), Some("SamrPerformGenericOperation"));
    assert_eq!(of("12345778-1234-abcd-ef00-0123456789ab", 0x5e), Some("CredrBackupCredentials"));
    assert_eq!(of("12345678-1234-abcd-ef00-0123456789ab", 0x68), Some("RpcReportJobProcessingProgress"));
    assert_eq!(of("12345678-1234-abcd-ef00-01234567cffb", 0x31), Some("NetrChainSetClientAttributes"));
    assert_eq!(of("367abb81-9844-35f1-ad32-98f038001003", 0x36), Some("ScOpenServiceStatusHandle"));
    assert_eq!(of("338cd001-2244-31f1-aaaa-900038001003", 0x23), Some("BaseRegDeleteKeyEx"));
    assert_eq!(of("76f03f96-cdfd-44fc-a22c-64950a001209", 0x4a), Some("RpcAsyncLogJobInfoForBranchOffice"));
    assert_eq!(of("c386ca3e-9061-4a72-821e-498d83be188f", 0x42), Some("AudioVolumeStepDown"));
    assert_eq!(of("5ca4a760-ebb1-11cf-8611-00a0245420ed", 0x4b), Some("RpcWinStationOpenSessionDirectory"));
    assert_eq!(of("8d9f4e40-a03d-11ce-8f69-08003e30051b", 0x4a), Some("PNP_DeleteServiceDevices"));
    assert_eq!(of("342cfd40-3c6c-11ce-a893-08002b2e9c6d", 0x59), Some("LlsrCloseEx"));
    assert_eq!(of("6bffd098-a112-3610-9833-46c3f87e345a", 0x1f), Some("NetrWorkstationResetDfsCache"));
    assert_eq!(of("e3514235-4b06-11d1-ab04-00c04fc2dcd2", 0x18), Some("DRSQuerySitesByCost"));
    assert_eq!(of("3c4728c5-f0ab-448b-bda1-6ce01eb0a6d5", 0x1a), Some("RpcSrvGetDhcpServicedConnections"));
    assert_eq!(of("82273fdc-e32a-18c3-3f78-827929dc23ea", 0x18), Some("ElfrReportEventAndSourceW"));
    assert_eq!(of("86d35949-83c9-4044-b424-db363231fd0c", 0x11), Some("SchRpcGetTaskInfo"));
    assert_eq!(of("9556dc99-828c-11cf-a37e-00aa003240c7", 0x19), Some("ExecMethodAsync"));
    assert_eq!(of("45f52c28-7f9f-101a-b52b-08002b2efabe", 0x13), Some("R_WinsDoScavengingNew"));
    assert_eq!(of("b97db8b2-4c63-11cf-bff6-08002be23f2f", 0x50), Some("Opnum80NotUsedOnWire"));
    assert_eq!(of("b97db8b2-4c63-11cf-bff6-08002be23f2f", 0x6c), Some("ApiSetServiceAccountPassword"));
    assert_eq!(of("6bffd098-a112-3610-9833-46c3f874532d", 0x32), Some("R_DhcpSetSubnetInfoVQ"));
    assert_eq!(of("5b821720-f63b-11d0-aad2-00c04fc324db", 0x84), Some("R_DhcpV4GetClientInfoEx"));
    assert_eq!(of("77df7a80-f298-11d0-8358-00a024c480a8", 0x1b), Some("S_DSGetServerPort"));
    assert_eq!(of("df1941c5-fe89-4e79-bf10-463657acf44d", 0x2c), Some("Opnum44NotUsedOnWire"));
    assert_eq!(of("df1941c5-fe89-4e79-bf10-463657acf44d", 0x2d), None);
    assert_eq!(of("d99e6e71-fc88-11d0-b498-00a0c90312f3", 0x1e), Some("RestoreGetDatabaseLocations"));
    assert_eq!(of("7fe0d935-dda6-443f-85d0-1cfb58fe41dd", 0x30), Some("DeleteRow"));
    assert_eq!(of("00020401-0000-0000-c000-000000000046", 0x12), Some("GetContainingTypeLib"));
    assert_eq!(of("f6beaff7-1e19-4fbb-9f8f-b89e2018337c", 0x1c), Some("EvtRpcGetClassicLogDisplayName"));
    assert_eq!(of("bd0c73bc-805b-4043-9c30-9a28d64dd7d2", 0x19), Some("ExportToBlob"));
    assert_eq!(of("8298d101-f992-43b7-8eca-5052d885b995", 0x27), Some("EnumHistory"));
    assert_eq!(of("f612954d-3b0b-4c56-9563-227b7be624b4", 0x28), Some("GetChildPaths"));
    assert_eq!(of("70b51430-b6ca-11d0-b9b9-00a0c922e750", 0x21), Some("R_GetServerGuid"));
    assert_eq!(of("82ad4280-036b-11cf-972c-00aa006887b0", 0x11), Some("Opnum17NotUsedOnWire"));
    assert_eq!(of("d2d79df5-3400-11d0-b40b-00aa005ff586", 0x51), Some("DeleteAccessPath"));
    assert_eq!(of("d2d79df5-3400-11d0-b40b-00aa005ff586", 0x43), Some("EnumTasks"));
    assert_eq!(of("135698d2-3a37-4d26-99df-e2bb6ae3ac61", 0x4e), Some("DeleteAccessPath"));
    assert_eq!(of("135698d2-3a37-4d26-99df-e2bb6ae3ac61", 0x40), Some("EnumTasks"));
    assert_eq!(of("4f7ca01c-a9e5-45b6-b142-2332a1339c1d", 0x14), Some("SetClientPermissions"));
    assert_eq!(of("481e06cf-ab04-4498-8ffe-124a0a34296d", 0x14), Some("GetServerTimeZone"));
    assert_eq!(of("59602eb6-57b0-4fd8-aa4b-ebf06971fe15", 0x15), Some("SetConditionalPolicy"));
    assert_eq!(of("d049b186-814f-11d1-9a3c-00c04fc9b232", 0x0a), Some("NtFrsApi_Rpc_ForceReplication"));
    assert_eq!(of("bde95fdf-eee0-45de-9e12-e5a61cd0d4fe", 0x0b), Some("RpcQuerySessionData"));
    assert_eq!(of("6b5bdd1e-528c-422c-af8c-a4079be4fe48", 0x51), Some("RRPC_FWQueryFirewallRules2_26"));
    assert_eq!(of("6b5bdd1e-528c-422c-af8c-a4079be4fe48", 0x43), Some("RRPC_FWEnumFirewallRules2_20"));
    assert_eq!(of("88143fd0-c28d-4b2b-8fef-8d882f6a9390", 0x0b), Some("RpcGetAllSessionsEx"));
    assert_eq!(of("44e265dd-7daf-42cd-8560-3cdb6e7a2729", 0x09), Some("TsProxySendToServer"));
    assert_eq!(of("300f3532-38cc-11d0-a3f0-0020af6b0add", 0x0c), Some("LnkSearchMachine"));
}

#[test]
fn pdus_are_known_by_how_they_begin() {
    assert_eq!((probe(b"\x05\0\x0b"), probe(b"\x05\x01\x13\x07")), (Probe::Match, Probe::Match));
    assert_eq!((probe(b"\x05\0"), probe(b"")), (Probe::NeedMore, Probe::NeedMore));
    assert_eq!((probe(b"\x05\x02"), probe(b"\x05\0\x14")), (Probe::NoMatch, Probe::NoMatch));
}

#[test]
fn whatever_is_cut_or_changed_is_read_or_refused() {
    over_seeds("dce_rpc", fuzz::check);
}
