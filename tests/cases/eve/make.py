#!/usr/bin/env python3
"""Makes the EVE log: every event type that is read, and some that are not, in Suricata's order."""

import json

END = {"src_ip": "10.0.0.9", "dest_ip": "192.0.2.80", "proto": "TCP"}


def event(second, kind, flow_id, sport, dport, **rest):
    return {"timestamp": f"2026-03-01T10:00:{second:02}.250000+0000", "flow_id": flow_id,
            "in_iface": "eth0", "event_type": kind, **END, "src_port": sport, "dest_port": dport, **rest}


def dns(second, flow, **rest):
    return {**event(second, "dns", flow, 5353 + flow, 53, dns=rest), "dest_ip": "10.0.0.53", "proto": "UDP"}


def answer(name, rrtype, ttl, rdata):
    return {"rrname": name, "rrtype": rrtype, "ttl": ttl, "rdata": rdata}


ROWS = [
    dns(1, 1, type="query", id=11, rrname="www.example.com", rrtype="A", tx_id=0),
    dns(1, 1, type="answer", id=11, rcode="NOERROR", rrname="www.example.com", rrtype="CNAME", ttl=60, rdata="web.example.com"),
    dns(1, 1, type="answer", id=11, rcode="NOERROR", rrname="web.example.com", rrtype="A", ttl=60, rdata="192.0.2.80"),
    dns(2, 2, type="query", id=12, rrname="www.example.org", rrtype="AAAA", tx_id=0),
    dns(2, 2, version=2, type="answer", id=12, flags="8183", qr=True, rd=True, ra=True, rrname="www.example.org", rrtype="AAAA", rcode="NXDOMAIN"),
    dns(3, 3, version=3, type="request", id=13, tx_id=0, flags="100", rd=True, queries=[{"rrname": "mail.example.com", "rrtype": "MX"}]),
    dns(3, 3, version=3, type="response", id=13, flags="8180", queries=[{"rrname": "mail.example.com", "rrtype": "MX"}], rcode="NOERROR",
        answers=[answer("mail.example.com", "MX", 300, "mx.example.com")], grouped={"MX": ["mx.example.com"]}),
    event(4, "tls", 4, 40001, 443, tls={
        "subject": "C=CH, O=Example, Inc., CN=www.example.com", "issuerdn": "C=CH, O=Example CA, CN=Example CA 1",
        "serial": "0F:D0:78", "fingerprint": "7b:b6:98:38:69:70:36:3d:29:19:cc:57:72:84:69:84:ff:d4:a8:89",
        "sni": "www.example.com", "version": "TLS 1.2", "notbefore": "2026-01-01T00:00:00", "notafter": "2026-06-01T00:00:00",
        "subjectaltname": ["www.example.com"], "ja3": {"hash": "a0e9f5d64349fb13191bc781f81f42e1", "string": "771,4865"}}),
    event(5, "http", 5, 40002, 80, tx_id=0, http={
        "hostname": "www.example.com", "url": "/index.html", "http_user_agent": "agent/1", "http_content_type": "text/html",
        "http_method": "GET", "protocol": "HTTP/1.1", "status": 200, "length": 1270}),
    event(5, "fileinfo", 5, 40002, 80, fileinfo={"filename": "/index.html", "size": 1270, "state": "CLOSED"}),
    event(6, "ssh", 6, 40003, 22, ssh={
        "client": {"proto_version": "2.0", "software_version": "OpenSSH_9.6"},
        "server": {"proto_version": "2.0", "software_version": "OpenSSH_9.2p1"}}),
    event(7, "ftp", 7, 40004, 21, ftp={"command": "USER", "command_data": "joe", "completion_code": ["331"], "reply": ["Password required."], "reply_received": "yes"}),
    event(7, "ftp", 7, 40004, 21, ftp={"command": "PASS", "command_data": "hunter2", "completion_code": ["230"], "reply": ["Logged in."], "reply_received": "yes"}),
    event(8, "smtp", 8, 40005, 25, tx_id=0, smtp={"helo": "client.example.com", "mail_from": "<a@example.com>", "rcpt_to": ["<b@example.org>"]},
          email={"status": "PARSE_DONE", "from": "A <a@example.com>", "to": ["B <b@example.org>"]}),
    event(8, "ldap", 9, 40006, 389, ldap={
        "request": {"message_id": 1, "operation": "bind_request", "bind_request": {"version": 3, "name": "cn=joe,dc=example,dc=com"}},
        "responses": [{"operation": "bind_response", "bind_response": {"result_code": "success", "matched_dn": "", "message": ""}}]}),
    event(9, "alert", 5, 40002, 80, alert={"action": "allowed", "gid": 1, "signature_id": 1000001, "rev": 1,
                                           "signature": "LAB example signature", "category": "Misc activity", "severity": 3}),
    event(10, "anomaly", 5, 40002, 80, anomaly={"type": "applayer", "event": "INVALID_RESPONSE", "layer": "proto_parser"}),
    *({**event(20, "flow", 100 + port, 41000 + port, 1000 + port, flow={
        "pkts_toserver": 1, "pkts_toclient": 1, "bytes_toserver": 74, "bytes_toclient": 60, "state": "closed", "reason": "timeout",
        "start": f"2026-03-01T10:00:11.{port:03}000+0000", "end": f"2026-03-01T10:00:11.{port:03}500+0000", "age": 0},
        tcp={"tcp_flags": "16", "tcp_flags_ts": "02", "tcp_flags_tc": "14", "syn": True, "rst": True, "ack": True})} for port in range(12)),
]

with open("eve.json", "w") as out:
    for row in ROWS:
        out.write(json.dumps(row) + "\n")
