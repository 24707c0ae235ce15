"""Authorities and certificates that a test makes for itself, with the openssl command."""
import subprocess


def openssl(*args):
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


class Certificate:
    """`path` is the certificate, `key` its key, both PEM."""

    def __init__(self, folder, name):
        self.path, self.key = folder / f"{name}.pem", folder / f"{name}.key"

    @property
    def pair(self):
        return str(self.path), str(self.key)

    def fingerprint(self):
        """As openssl says it: 32 pairs of digits between colons."""
        said = openssl("x509", "-in", self.path, "-noout", "-fingerprint", "-sha256")
        return said.strip().split("=", 1)[1]

    def subject(self):
        said = openssl("x509", "-in", self.path, "-noout", "-subject", "-nameopt", "RFC2253")
        return said.strip().split("=", 1)[1].strip()


class Authority(Certificate):
    def __init__(self, folder, name="authority"):
        super().__init__(folder, name)
        self.folder = folder
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", 30, "-subj", f"/CN={name}", "-out", self.path, "-keyout", self.key)

    def sign(self, name, subject=None, expired=False):
        """A certificate for 127.0.0.1, or for whoever shows it."""
        made = Certificate(self.folder, name)
        request, more = self.folder / "request", self.folder / "more"
        more.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-utf8", "-subj", subject or f"/CN={name}", "-out", request, "-keyout", made.key)
        if expired:
            self._sign_expired(request, more, made)
        else:
            openssl("x509", "-req", "-in", request, "-CA", self.path, "-CAkey", self.key,
                    "-CAcreateserial", "-days", 20, "-extfile", more, "-out", made.path)
        return made

    def _sign_expired(self, request, more, made):
        """x509 can't say when; ca can, and wants a folder for it."""
        (self.folder / "index.txt").write_text("")
        (self.folder / "serial.txt").write_text("1000\n")
        conf = self.folder / "ca.conf"
        conf.write_text(f"""[ca]
default_ca = one
[one]
database = {self.folder}/index.txt
serial = {self.folder}/serial.txt
new_certs_dir = {self.folder}
default_md = sha256
policy = any
[any]
commonName = supplied
""")
        openssl("ca", "-batch", "-config", conf, "-cert", self.path, "-keyfile", self.key,
                "-in", request, "-extfile", more, "-startdate", "20200101000000Z",
                "-enddate", "20200201000000Z", "-out", made.path, "-notext")
