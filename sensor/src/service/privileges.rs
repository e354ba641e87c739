//! Giving up what is not needed any more once everything is open.

use caps::{CapSet, Capability};
use nix::unistd::{Gid, Uid, User, initgroups, setresgid, setresuid};

/// Becomes `user`, if one is given, and keeps no capability; `as_root` leaves root the power to write where
/// somebody else owns the folder. To be called before any thread starts: capabilities are a thread's own.
pub fn drop_all(user: Option<&str>, as_root: bool) -> Result<(), String> {
    if let Some(name) = user {
        become_user(name)?;
    }
    keep(|capability| as_root && capability == Capability::CAP_DAC_OVERRIDE)
}

/// Gives up all capabilities of this thread.
pub fn keep_none() -> Result<(), String> {
    keep(|_| false)
}

fn keep(wanted: impl Fn(Capability) -> bool) -> Result<(), String> {
    let error = |error| format!("cannot give up capabilities: {error}");
    for set in [CapSet::Ambient, CapSet::Inheritable] {
        caps::clear(None, set).map_err(error)?;
    }
    for set in [CapSet::Effective, CapSet::Permitted] {
        let mut kept = caps::read(None, set).map_err(error)?;
        kept.retain(|capability| wanted(*capability));
        caps::set(None, set, &kept).map_err(error)?;
    }
    Ok(())
}

fn become_user(name: &str) -> Result<(), String> {
    let user = User::from_name(name).ok().flatten().ok_or_else(|| format!("there is no user '{name}'"))?;
    if Uid::effective() == user.uid {
        return Ok(());
    }
    let error = |error| format!("cannot become user '{name}': {error}");
    let c_name = std::ffi::CString::new(name).map_err(|_| format!("there is no user '{name}'"))?;
    initgroups(&c_name, user.gid).map_err(error)?;
    setresgid(user.gid, user.gid, user.gid).map_err(error)?;
    setresuid(user.uid, user.uid, user.uid).map_err(error)
}

/// The owner that files made now should have, so that `user` can write them later.
pub fn owner(user: Option<&str>) -> Option<(Uid, Gid)> {
    let user = User::from_name(user?).ok().flatten()?;
    Some((user.uid, user.gid))
}
