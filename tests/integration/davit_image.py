# SPDX-License-Identifier: GPL-2.0-or-later
"""Images for the tests, made on the spot: OCI layouts written blob by blob, and images of Debian packages.

An image of packages has their files as they are installed on this host, the libraries that these need,
a shell and the basic commands, and the users that are named: what a small Debian image is.
"""
import gzip
import hashlib
import io
import json
import os
import platform
import re
import subprocess
import tarfile

from davit_test import Skip, busybox_root, run

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
BASE_PACKAGES = ("base-files", "dash", "coreutils", "sed", "grep", "libc-bin")
MERGED = ("bin", "sbin", "lib", "lib64")
NOT_NEEDED = re.compile(r"^/(usr/share/(doc|doc-base|man|info|locale|lintian|bug|perl5|bash-completion)|etc/(init\.d|logrotate\.d|"
                        r"cron\.|apparmor\.d|ufw)|usr/lib/systemd|lib/systemd|usr/lib/tmpfiles\.d|lib/tmpfiles\.d)(/|$)")


class Layout:
    """An OCI layout of one image, written blob by blob so that it can be wrong."""

    def __init__(self, path):
        self.dir = path
        os.makedirs(os.path.join(self.dir, "blobs/sha256"))
        self.put("oci-layout", b'{"imageLayoutVersion":"1.0.0"}')

    def put(self, name, data):
        with open(os.path.join(self.dir, name), "wb") as out:
            out.write(data)

    def blob(self, data, kind):
        digest = hashlib.sha256(data).hexdigest()
        self.put("blobs/sha256/" + digest, data)
        return {"mediaType": "application/vnd.oci.image." + kind, "digest": "sha256:" + digest, "size": len(data)}

    def image(self, layers, **config):
        """@layers: tar streams, or (compressed stream, digest of what it expands to), or plain(tar stream)."""
        parts = [layer if isinstance(layer, tuple) else (gzip.compress(layer, 1, mtime=0), hashlib.sha256(layer).hexdigest())
                 for layer in layers]
        text = json.dumps({"architecture": ARCHITECTURE, "os": "linux", "config": config, "rootfs": {
            "type": "layers", "diff_ids": ["sha256:" + part[1] for part in parts]}})
        self.layers = [self.blob(part[0], part[2] if len(part) > 2 else "layer.v1.tar+gzip") for part in parts]
        manifest = {"schemaVersion": 2, "config": self.blob(text.encode(), "config.v1+json"), "layers": self.layers}
        self.put("index.json", json.dumps({"schemaVersion": 2, "manifests": [
            self.blob(json.dumps(manifest).encode(), "manifest.v1+json")]}).encode())
        return self


def tar(*entries):
    """@entries: (name, content[, mode[, uid]]) of a file, of a directory for no content, (name, "->", target) of a link."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as stream:
        for name, *rest in entries:
            info = tarfile.TarInfo(name)
            if rest[0] == "->":
                info.type, info.linkname = tarfile.SYMTYPE, rest[1]
                stream.addfile(info)
            else:
                info.type = tarfile.DIRTYPE if rest[0] is None else tarfile.REGTYPE
                info.size = len(rest[0] or b"")
                info.mode = rest[1] if len(rest) > 1 else 0o755
                info.uid = info.gid = rest[2] if len(rest) > 2 else 0
                stream.addfile(info, io.BytesIO(rest[0] or b""))
    return out.getvalue()


def busybox_layer():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as stream:
        stream.add(busybox_root(), ".")
    return out.getvalue()


def require_packages(*packages):
    """Skips a test whose packages are not installed: `dpkg -L` knows removed ones, too."""
    text = run("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages, status=None).stdout
    lacking = set(packages) - {line.split()[0] for line in text.splitlines() if line.endswith(" installed")}
    if lacking:
        raise Skip("needs the package " + ", ".join(sorted(lacking)))


def place_of(path):
    """Where a file is on a system whose /bin and /lib are links."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def package_files(packages):
    paths = {place_of(path) for path in run("dpkg", "-L", *packages).stdout.splitlines()
             if path.startswith("/") and path != "/." and not NOT_NEEDED.match(path)}
    return {path for path in paths if os.path.lexists(path)}


def is_elf(path):
    if os.path.islink(path) or not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def libraries(paths):
    """What the dynamic loader would load for these programs and libraries, and the loader."""
    with open("/bin/sh", "rb") as shell:  # begins with the path of its loader
        loader = re.search(rb"/lib[^\0]*/ld[^\0]*", shell.read(4096))[0].decode()
    found = {loader}
    for path in paths:
        text = subprocess.run([loader, "--list", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                              check=False).stdout
        found.update(re.findall(r"(?:=> )(/\S+)", text))
    for path in list(found):
        while os.path.islink(path):  # the name that is looked for, and the file
            path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
            found.add(path)
    return {place_of(path) for path in found}


def user_files(users):
    """/etc/passwd and group with these of the host's users, and where names are looked up."""
    names = ("root", "nobody", *users)
    with open("/etc/passwd", encoding="utf-8") as file:
        passwd = [line for line in file if line.split(":")[0] in names]
    gids = {line.split(":")[3] for line in passwd}
    with open("/etc/group", encoding="utf-8") as file:
        group = [line for line in file if line.split(":")[2] in gids]
    return {"etc/passwd": "".join(passwd), "etc/group": "".join(group),
            "etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n"}


def package_layer(packages, users=(), merged=False):
    """A tar stream of the packages' files and of what these need to run."""
    paths = package_files(packages)
    paths |= libraries([path for path in sorted(paths) if is_elf(path)])
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as stream:
        for name in MERGED if merged else ():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, "usr/" + name
            stream.addfile(info)
        for name in ("tmp", "var/tmp", "run", "proc", "sys", "dev") if merged else ():
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777 if name.endswith("tmp") else 0o755
            stream.addfile(info)
        for path in sorted(paths):
            if path[1:] not in MERGED and path != "/" and not path.startswith(("/run/", "/tmp", "/proc", "/sys", "/dev")):
                stream.add(path, path[1:], recursive=False)
        for name, text in user_files(users).items() if users or merged else ():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), 0o644
            stream.addfile(info, io.BytesIO(text.encode()))
    return out.getvalue()


def plain(layer):
    """A layer that is not compressed: quicker to make than to read."""
    return (layer, hashlib.sha256(layer).hexdigest(), "layer.v1.tar")


def package_image(path, packages, *layers, users=(), **config):
    """A layout of a Debian base, the packages, and what is added to them."""
    config.setdefault("Env", ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"])
    streams = [package_layer(BASE_PACKAGES, merged=True), package_layer(packages, users), *layers]
    return Layout(path).image([plain(layer) for layer in streams], **config)
