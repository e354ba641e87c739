//! Notices: what leaves the sensor when one is raised.

use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::value::Value;
use nightjar_script::vm::{CallSite, NativeFn, Res};

use crate::notice::{BlockList, Mail, Mailer};
use crate::time::Time;

#[derive(Clone, Default)]
pub(super) struct Notice(Rc<RefCell<Actions>>);

#[derive(Default)]
struct Actions {
    mailer: Option<Mailer>,
    block_list: Option<BlockList>,
    failed: bool,
}

impl Notice {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let (mail, block) = (self.clone(), self.clone());
        let mail: NativeFn = Rc::new(move |_: &mut Vm, _: &CallSite<'_>, args: &[Value]| mail.mail(args));
        let block: NativeFn =
            Rc::new(move |vm: &mut Vm, site: &CallSite<'_>, args: &[Value]| block.block(vm, site, args));
        vec![("Notice::__mail", mail), ("Notice::__block", block)]
    }

    fn mail(&self, args: &[Value]) -> Res {
        let [server, from, to, text] = args else { return Ok(Value::Bool(false)) };
        let text_of = |value: &Value| String::from_utf8_lossy(value.bytes()).into_owned();
        let mail =
            Mail { server: text_of(server), from: text_of(from), to: text_of(to), text: text_of(text) };
        let mut actions = self.0.borrow_mut();
        let mailer = match &mut actions.mailer {
            Some(mailer) => mailer,
            None => match Mailer::start() {
                Ok(mailer) => actions.mailer.insert(mailer),
                Err(error) => {
                    eprintln!("nightjar: cannot start a thread for mail: {error}");
                    return Ok(Value::Bool(false));
                }
            },
        };
        Ok(Value::Bool(mailer.send(mail)))
    }

    fn block(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [file, Value::Addr(addr), Value::Time(until)] = args else { return Ok(Value::Bool(false)) };
        let file = PathBuf::from(String::from_utf8_lossy(file.bytes()).into_owned());
        let now = Time::from_secs_f64(vm.network_time);
        let actions = &mut *self.0.borrow_mut();
        let list = match &mut actions.block_list {
            Some(list) if list.path() == file => list,
            other => other.insert(BlockList::new(file)),
        };
        match list.block(addr.to_ip(), Time::from_secs_f64(*until), now) {
            Ok(blocked) => {
                actions.failed = false;
                Ok(Value::Bool(blocked))
            }
            Err(error) => {
                // Told once, until it works again.
                if !std::mem::replace(&mut actions.failed, true) {
                    let text = format!("cannot write the block list {}: {error}", list.path().display());
                    vm.error(site.span, text);
                }
                Ok(Value::Bool(false))
            }
        }
    }
}
