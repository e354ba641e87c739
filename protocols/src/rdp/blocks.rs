//! The settings that both sides exchange, in blocks (MS-RDPBCGR §2.2.1.3 and §2.2.1.4).

use crate::bounds::{Broken, Cursor, Result};
use crate::rdp::Handler;

/// A client's settings (§2.2.1.3.2). Texts are UTF-16, the low byte first, up to a NUL.
#[derive(Clone, Copy, Debug)]
pub struct ClientCore<'a> {
    /// Of the protocol.
    pub version_major: u16,
    /// Likewise.
    pub version_minor: u16,
    /// Pixels.
    pub desktop_width: u16,
    /// Pixels.
    pub desktop_height: u16,
    /// Colors, as old clients asked for them.
    pub color_depth: u16,
    /// Which keys begin a login.
    pub sas_sequence: u16,
    /// The number of a layout in Windows.
    pub keyboard_layout: u32,
    /// Of the client.
    pub client_build: u32,
    /// Of the machine; 32 bytes.
    pub client_name: &'a [u8],
    /// Likewise of the keyboard.
    pub keyboard_type: u32,
    /// Its maker's number.
    pub keyboard_sub: u32,
    /// How many function keys there are.
    pub keyboard_function_key: u32,
    /// What characters are put in by; 64 bytes.
    pub ime_file_name: &'a [u8],
    /// Colors, as later clients asked for them.
    pub post_beta2_color_depth: u16,
    /// 1 everywhere.
    pub client_product_id: u16,
    /// 0 everywhere.
    pub serial_number: u32,
    /// Bits of a color that are wanted.
    pub high_color_depth: u16,
    /// What else is possible.
    pub supported_color_depths: u16,
    /// Flags of what else the client can do.
    pub early_capabilities: u16,
    /// Which product it is; 64 bytes.
    pub dig_product_id: &'a [u8],
}

/// How a client can encrypt (§2.2.1.3.3).
#[derive(Clone, Copy, Debug)]
pub struct ClientSecurity {
    /// Flags.
    pub methods: u32,
    /// The same, of French clients.
    pub ext_methods: u32,
}

/// Which session a client wants to be brought to (§2.2.1.3.5).
#[derive(Clone, Copy, Debug)]
pub struct ClientCluster {
    /// What of it is meant.
    pub flags: u32,
    /// Its number.
    pub session: u32,
}

/// A virtual channel that a client asks for (§2.2.1.3.4.1).
#[derive(Clone, Copy, Debug)]
pub struct Channel<'a> {
    /// With the NULs that fill it up to eight bytes.
    pub name: &'a [u8],
    /// Flags.
    pub options: u32,
}

/// Types of blocks.
mod kind {
    pub const CLIENT_CORE: u16 = 0xc001;
    pub const CLIENT_SECURITY: u16 = 0xc002;
    pub const CLIENT_NETWORK: u16 = 0xc003;
    pub const CLIENT_CLUSTER: u16 = 0xc004;
    pub const SERVER_CORE: u16 = 0x0c01;
    pub const SERVER_SECURITY: u16 = 0x0c02;
    pub const SERVER_NETWORK: u16 = 0x0c03;
}

/// Bytes of a block's type and length.
const HEADER: usize = 4;

/// Reads a block and tells what is in it; of a server's security what is to be done about it from here on.
pub fn block(r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<Option<ServerSecurity>> {
    r.record(|r| {
        r.need(HEADER, "Data_Header:length")?;
        let kind = r.u16_le("Data_Header:type")?;
        let len = usize::from(r.u16_le("Data_Header:length")?);
        let mut r = Cursor::new(r.up_to(len, "Data_Block:block")?);
        match kind {
            kind::CLIENT_CORE => handler.client_core(&client_core(&mut r)?),
            kind::CLIENT_SECURITY => {
                r.need(8, "Client_Security_Data:ext_encryption_methods")?;
                let (methods, ext_methods) = (r.u32_le("")?, r.u32_le("")?);
                handler.client_security(ClientSecurity { methods, ext_methods });
            }
            kind::CLIENT_NETWORK => handler.client_network(&channels(&mut r)?),
            kind::CLIENT_CLUSTER => {
                r.need(8, "Client_Cluster_Data:redir_session_id")?;
                let (flags, session) = (r.u32_le("")?, r.u32_le("")?);
                handler.client_cluster(ClientCluster { flags, session });
            }
            kind::SERVER_CORE => {
                r.take(4, "Server_Core_Data:version_minor")?;
                if len != 8 {
                    r.take(4, "Server_Core_Data:client_requested_protocols")?;
                }
            }
            kind::SERVER_SECURITY => return server_security(&mut r, handler).map(Some),
            kind::SERVER_NETWORK => r.need(4, "Server_Network_Data:channel_count")?,
            _ => {}
        }
        Ok(None)
    })
}

fn client_core<'a>(r: &mut Cursor<'a>) -> Result<ClientCore<'a>> {
    // Clients may leave out what stands behind the file's name; as in Zeek it is an error.
    r.need(206, "Client_Core_Data:dig_product_id")?;
    Ok(ClientCore {
        version_major: r.u16_le("")?,
        version_minor: r.u16_le("")?,
        desktop_width: r.u16_le("")?,
        desktop_height: r.u16_le("")?,
        color_depth: r.u16_le("")?,
        sas_sequence: r.u16_le("")?,
        keyboard_layout: r.u32_le("")?,
        client_build: r.u32_le("")?,
        client_name: r.take(32, "")?,
        keyboard_type: r.u32_le("")?,
        keyboard_sub: r.u32_le("")?,
        keyboard_function_key: r.u32_le("")?,
        ime_file_name: r.take(64, "")?,
        post_beta2_color_depth: r.u16_le("")?,
        client_product_id: r.u16_le("")?,
        serial_number: r.u32_le("")?,
        high_color_depth: r.u16_le("")?,
        supported_color_depths: r.u16_le("")?,
        early_capabilities: r.u16_le("")?,
        dig_product_id: r.take(64, "")?,
    })
}

/// As many as the block has room for, at the most.
fn channels<'a>(r: &mut Cursor<'a>) -> Result<Vec<Channel<'a>>> {
    let count = r.u32_le("Client_Network_Data:channel_count")?;
    let mut channels = Vec::new();
    for _ in 0..count {
        r.need(12, "Client_Channel_Def:options")?;
        channels.push(Channel { name: r.take(8, "")?, options: r.u32_le("")? });
    }
    Ok(channels)
}

/// How a server wants to have things encrypted (§2.2.1.4.3): by which method, and what of it.
#[derive(Clone, Copy, Debug)]
pub struct ServerSecurity {
    pub method: u32,
    pub level: u32,
}

fn server_security(r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<ServerSecurity> {
    r.need(16, "Server_Security_Data:server_cert_length")?;
    let security = ServerSecurity { method: r.u32_le("")?, level: r.u32_le("")? };
    let (random, certificate) = (r.u32_le("")?, r.u32_le("")?);
    r.take(random as usize, "Server_Security_Data:server_random")?;
    let mut r = Cursor::new(r.take(certificate as usize, "Server_Security_Data:server_certificate")?);
    let version = r.u32_le("Server_Certificate:version")?;
    match version & 0x7fff_ffff {
        1 => proprietary(&mut r)?,
        2 => {
            for _ in 0..r.u32_le("X509:num_of_certs")? {
                let len = r.u32_le("X509_Cert_Data:cert_len")?;
                handler.certificate(r.take(len as usize, "X509_Cert_Data:cert")?);
            }
        }
        other => return Err(Broken::Case { what: "Server_Certificate", index: i64::from(other) }),
    }
    handler.server_certificate(version & 0x7fff_ffff, version & 0x8000_0000 == 0);
    Ok(security)
}

/// A key and who signed it (§2.2.1.4.3.1.1).
fn proprietary(r: &mut Cursor<'_>) -> Result<()> {
    r.take(10, "Server_Proprietary_Cert:public_key_blob_type")?;
    let len = r.u16_le("Server_Proprietary_Cert:public_key_blob_length")?;
    let mut key = Cursor::new(r.take(len.into(), "Server_Proprietary_Cert:public_key_blob")?);
    key.need(16, "Public_Key_Blob:public_exponent")?;
    key.take(4, "")?;
    let len = key.u32_le("")?;
    key.take(8, "")?;
    key.take(len as usize, "Public_Key_Blob:modulus")?;
    r.need(4, "Server_Proprietary_Cert:signature_blob_length")?;
    r.take(2, "")?;
    let len = r.u16_le("")?;
    r.take(len.into(), "Server_Proprietary_Cert:signature_blob").map(|_| ())
}
