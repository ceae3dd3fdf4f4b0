#!/usr/bin/env python3
"""Writes one small file for each reader of logs and each container that no other case has."""

import gzip
import pathlib

HERE = pathlib.Path(__file__).parent / "input"

ZEEK = """#separator \\x09
#set_separator	,
#empty_field	(empty)
#unset_field	-
#path	dns
#fields	ts	uid	id.orig_h	id.orig_p	id.resp_h	id.resp_p	proto	query	qtype_name	rcode_name	answers
#types	time	string	addr	port	addr	port	enum	string	string	string	vector[string]
1700000000.000000	C1	192.0.2.9	40000	198.51.100.53	53	udp	a.example	A	NOERROR	203.0.113.7
1700000001.000000	C2	192.0.2.9	40001	198.51.100.53	53	udp	b.example	A	NXDOMAIN	-
"""
CADDY = (
    '{"level":"info","ts":1700003600.5,"logger":"http.log.access","request":{"remote_ip":'
    '"192.0.2.1","remote_port":"44790","proto":"HTTP/1.1","method":"GET","host":"h.example",'
    '"uri":"/a","headers":{"User-Agent":["u/1"]}},"size":9,"status":200}\n'
)
VSFTPD = """Tue Nov 14 23:13:20 2023 [pid 2] CONNECT: Client "192.0.2.9"
Tue Nov 14 23:13:21 2023 [pid 1] [eva] OK LOGIN: Client "192.0.2.9"
Tue Nov 14 23:13:22 2023 [pid 3] [eva] OK DOWNLOAD: Client "192.0.2.9", "/f.txt", 5 bytes, 1.00Kbyte/sec
"""
XFERLOG = "Wed Nov 15 01:13:20 2023 1 192.0.2.9 5 /f.txt b _ o r eva ftp 0 * c\n"
COMBINED = (
    '192.0.2.1 - - [15/Nov/2023:02:13:20 +0000] "GET /b HTTP/1.1" 200 9 "-" "u/1"\n'
    '192.0.2.1 - - [15/Nov/2023:02:13:21 +0000] "GET /c HTTP/1.1" 200 9 "-" "u/1"\n'
)
IIS = """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status
2023-11-15 03:13:20 198.51.100.1 GET /d - 80 - 192.0.2.1 u/1 200
"""


def main():
    files = {
        "zeek-dns.log": ZEEK.encode(),
        "caddy.json": CADDY.encode(),
        "vsftpd.log": VSFTPD.encode(),
        "xferlog": XFERLOG.encode(),
        "combined.log": COMBINED.encode(),
        "combined.log.gz": gzip.compress(COMBINED.replace("02:13", "04:13").encode(), mtime=0),
        "iis-web.log": IIS.encode(),
        "iis-web-utf16.log": IIS.replace("03:13", "05:13").encode("utf-16"),
    }
    for name, content in files.items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
