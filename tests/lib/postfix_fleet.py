"""Several private Postfix, as on several hosts of one name: an address each,
the same port and the same name of the service. In a network of their own."""

import contextlib
import os

import smtp_tls
from own_network import own_network
from postfix_instance import PostfixInstance

HOSTS = 3
PORT = 2525
BALANCER = "127.0.1.10"  # an address for what stands in front of them
SECRET_FILE = "tlsmgr.secret"
PASSWORD_FILE = "tlsmgr.password"


class Fleet:
    """with Fleet(binary) as fleet: made on entry, removed on exit, and the
    calling thread is in the network of the fleet meanwhile.
    """

    def __init__(self, binary, chroot=True, settings="", hosts=HOSTS):
        self.addresses = ["127.0.1.%d" % (i + 1) for i in range(hosts)]
        self.hosts = [PostfixInstance(binary, chroot=chroot,
                                      settings=settings, address=address,
                                      port=PORT)
                      for address in self.addresses]
        self._stack = None

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.enter_context(own_network(self.addresses + [BALANCER]))
            for host in self.hosts:
                stack.callback(host.remove)
                host.create()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_):
        self._stack.close()

    def start(self):
        for host in self.hosts:
            host.start()

    def share(self, *secrets):
        """Give every host a file of these secrets; for the next start."""
        for host in self.hosts:
            write_secrets(host, *secrets)

    def share_engine(self, server, user, *secrets, **own):
        """The same, and an engine; `user` is a name and a password."""
        for host in self.hosts:
            write_secrets(host, *secrets)
            path = os.path.join(host.config_directory, PASSWORD_FILE)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600),
                      "w") as output:
                output.write(user + "\n")
            settings = {"tlsmgr_shared_servers": server,
                        "tlsmgr_shared_password_file": path,
                        "tlsmgr_shared_caches": "smtpd, smtp", **own}
            with open(os.path.join(host.config_directory, "tlsmgr.cf"),
                      "a") as output:
                output.write("".join("%s = %s\n" % each
                                     for each in settings.items()))

    def route_to_one_sink(self):
        """All mail goes to the sink of the first host; before they start."""
        for host in self.hosts:
            host.mail_port = self.hosts[0].sink_port

    def reload(self):
        for host in self.hosts:
            host.reload()


def write_secrets(host, *secrets):
    """A file with these lines, and a tlsmgr.cf that names it."""
    path = os.path.join(host.config_directory, SECRET_FILE)
    descriptor = os.open(path + ".part", os.O_WRONLY | os.O_CREAT |
                         os.O_TRUNC, 0o600)
    with open(descriptor, "w") as output:
        output.write("".join(secret + "\n" for secret in secrets))
    os.replace(path + ".part", path)
    write_own_settings(host, "tlsmgr_shared_secret_file = %s\n" % path)


def write_own_settings(host, text):
    with open(os.path.join(host.config_directory, "tlsmgr.cf"),
              "w") as output:
        output.write(text)


# Deep protocol tests: postscreen(8) speaks TLS itself, through tlsproxy(8).
POSTSCREEN = """\
postscreen_access_list =
postscreen_greet_wait = 1s
postscreen_greet_action = ignore
postscreen_pipelining_enable = yes
postscreen_pipelining_action = ignore
tlsproxy_tls_loglevel = 2
"""


def put_postscreen_in_front(host):
    host.write_config(host.settings + POSTSCREEN)
    path = host.config_directory + "/master.cf"
    with open(path) as master_cf:
        first, _, rest = master_cf.read().partition("  -o max_use=1\n")
    service = first.split()
    service[6:] = ["1", "postscreen"]
    with open(path, "w") as master_cf:
        master_cf.write("%s\nsmtpd pass - - %s - - smtpd\n"
                        "dnsblog unix - - %s - 0 dnsblog\n%s" % (
                            " ".join(service), host.jail, host.jail, rest))


class Tally:
    """How many of so many reconnects were resumed."""

    def __init__(self, resumed=0, tried=0):
        self.resumed, self.tried = resumed, tried

    @property
    def percent(self):
        return 100.0 * self.resumed / self.tried

    def __repr__(self):
        return "%d of %d resumed" % (self.resumed, self.tried)


def reconnect(kind, next_address, times):
    """One client that comes back so many times, to next_address() each."""
    client = smtp_tls.Client(kind)
    client.connect(next_address(), PORT)
    tally = Tally()
    for _ in range(times):
        tally.resumed += client.connect(next_address(), PORT)
        tally.tried += 1
    return tally
