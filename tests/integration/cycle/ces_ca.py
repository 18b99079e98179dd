"""An imitation of Microsoft's enrolment web services (CES, MS-WSTEP; CEP, MS-XCEP)
for tests: messages by xml.etree, certificates by the openssl command.  Nobody
reaches it but through Apache (apache.py), which says who asks.  As strict as the
specifications are; it does what it is told to: issue, wait, refuse ..."""
import base64
import http.server
import threading
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape

from corp_ca import CorpCa, openssl

SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
WST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
SEC, UTIL = WSS + "wssecurity-secext-1.0.xsd", WSS + "wssecurity-utility-1.0.xsd"
AUTH = "http://schemas.xmlsoap.org/ws/2006/12/authorization"
ENROLL = "http://schemas.microsoft.com/windows/pki/2009/01/enrollment"
POLICY = ENROLL + "policy"
X509 = WSS + "x509-token-profile-1.0#X509v3"

KERBEROS, USER, CERTIFICATE = "Kerberos", "UsernamePassword", "Certificate"
LOGINS = {KERBEROS: 2, USER: 4, CERTIFICATE: 8}
TEMPLATE = "AmtDevice"
PASSWORD = "open <sesame> & so on"

NO_REQUEST, MANAGER, NO_TEMPLATE = 0x80094002, 0x80094014, 0x80094800
TEMPLATE_DENIED, NO_RPC = 0x80094012, 0x800706ba

ANSWER = """<s:Envelope xmlns:s="{soap}" xmlns:a="{wsa}"><s:Header>
<a:Action s:mustUnderstand="1">{action}</a:Action>
<a:RelatesTo>{relates}</a:RelatesTo></s:Header>
<s:Body xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{body}</s:Body>
</s:Envelope>"""


class Fault(Exception):
    def __init__(self, code, text, sub=""):
        super().__init__(text)
        self.code, self.text, self.sub = code, text, sub

    def body(self):
        detail = ""
        if self.code:
            detail = (f'<s:Detail><CertificateEnrollmentWSDetail xmlns="{ENROLL}">'
                      '<BinaryResponse xsi:nil="true"/>'
                      f"<ErrorCode>{self.code - (1 << 32)}</ErrorCode>"
                      "<InvalidRequest>true</InvalidRequest>"
                      '<RequestID xsi:nil="true"/>'
                      "</CertificateEnrollmentWSDetail></s:Detail>")
        who = "Receiver" if self.code else "Sender"
        return (f"<s:Fault><s:Code><s:Value>s:{who}</s:Value>{self.sub}</s:Code>"
                f'<s:Reason><s:Text xml:lang="en-US">{escape(self.text)}</s:Text>'
                f"</s:Reason>{detail}</s:Fault>")


def bad_login():
    return Fault(0, "At least one security token in the message could not be "
                 "validated.", f'<s:Subcode><s:Value xmlns:o="{SEC}">'
                 "o:FailedAuthentication</s:Value></s:Subcode>")


def need(node, path, what):
    found = node.find(path)
    if found is None or not (found.text or "").strip():
        raise Fault(0, f"no {what}")
    return found.text.strip()


def token(kind, der):
    """As the original breaks its lines."""
    text = base64.encodebytes(der).decode().replace("\n", "&#xD;\n")
    return (f'<BinarySecurityToken ValueType="{kind}" EncodingType="{SEC}'
            f'#base64binary" xmlns="{SEC}">{text}</BinarySecurityToken>')


class CesCa(CorpCa):
    def __init__(self, folder, host):
        super().__init__(folder, f"DNS:{host}")
        self.host = host
        self.mode = "issue"
        self.heard = []         # what, login, who
        self.requests = {}      # number: CSR, DER
        self.lock = threading.Lock()
        self.start()

    def url(self, login):
        return f"https://{self.host}/Corp_CES_{login}/service.svc/CES"

    def policy_url(self, login):
        return (f"https://{self.host}/ADPolicyProvider_CEP_{login}"
                "/service.svc/CEP")

    def take_heard(self):
        heard, self.heard = self.heard, []
        return heard

    # -- certificates

    def message(self, pem):
        """The CA's full answer: a signed CMC message with chain."""
        with open(self.path("answer.pem"), "wb") as f:
            f.write(pem + self.read("root.pem"))
        return openssl("cms", "-sign", "-binary", "-nodetach", "-nosmimecap",
                       "-econtent_type", "1.3.6.1.5.5.7.12.3",
                       "-signer", self.path("issuing.pem"),
                       "-inkey", self.path("issuing.key"),
                       "-certfile", self.path("answer.pem"),
                       "-outform", "DER", data=b"\x30\x00")

    def issue(self, number):
        usage = "extendedKeyUsage=serverAuth\n"
        if self.mode == "wrong names":
            pem = self.sign(self.requests[number], usage +
                            "subjectAltName=DNS:evil.example\n", "none")
        else:
            pem = self.sign(self.requests[number], usage)
        der = openssl("x509", "-outform", "DER", data=pem)
        return self.response("Issued", token(ENROLL + "#PKCS7",
                                             self.message(pem)),
                             token(X509, der), number)

    def response(self, words, full, given, number):
        return (f'<RequestSecurityTokenResponseCollection xmlns="{WST}">'
                f"<RequestSecurityTokenResponse><TokenType>{X509}</TokenType>"
                f'<DispositionMessage xml:lang="en-US" xmlns="{ENROLL}">{words}'
                f"</DispositionMessage>{full}<RequestedSecurityToken>{given}"
                f'</RequestedSecurityToken><RequestID xmlns="{ENROLL}">{number}'
                "</RequestID></RequestSecurityTokenResponse>"
                "</RequestSecurityTokenResponseCollection>")

    def decide(self, number, login):
        if self.mode == "wait":
            return self.response(
                "Taken Under Submission", "", "<SecurityTokenReference "
                f'xmlns="{SEC}"><Reference URI="{self.url(login)}"/>'
                "</SecurityTokenReference>", number)
        faults = {"refuse": Fault(MANAGER, "Denied by CORP\\pki"),
                  "no right": Fault(TEMPLATE_DENIED, "Denied by Policy Module."),
                  "busy": Fault(NO_RPC, "The RPC server is unavailable.")}
        if self.mode in faults:
            raise faults[self.mode]
        return self.issue(number)

    # -- messages

    def enroll(self, request, login):
        if need(request, f"{{{WST}}}TokenType", "token type") != X509:
            raise Fault(0, "another token type")
        kind = need(request, f"{{{WST}}}RequestType", "request type")
        if kind == ENROLL + "/QueryTokenStatus":
            number = int(need(request, f"{{{ENROLL}}}RequestID", "request id"))
            if number not in self.requests:
                raise Fault(NO_REQUEST, "The request does not exist.")
            return self.decide(number, login)
        if kind != WST + "/Issue":
            raise Fault(0, f"request type {kind}")
        given = request.find(f"{{{SEC}}}BinarySecurityToken")
        if given is None or given.get("ValueType") != ENROLL + "#PKCS10" or \
                given.get("EncodingType") != SEC + "#base64binary":
            raise Fault(0, "no request, or of another kind")
        items = {i.get("Name"): i.findtext(f"{{{AUTH}}}Value") for i in
                 request.findall(f"{{{AUTH}}}AdditionalContext/"
                                 f"{{{AUTH}}}ContextItem")}
        if items != {"CertificateTemplate": TEMPLATE}:
            raise Fault(NO_TEMPLATE, f"Denied by Policy Module: {items}")
        number = len(self.requests) + 1
        self.requests[number] = base64.b64decode(given.text, validate=True)
        return self.decide(number, login)

    def template(self, name, enroll="true", names=1):
        return (f"<policy><policyOIDReference>1</policyOIDReference><cAs>"
                "<cAReference>0</cAReference></cAs><attributes>"
                f"<commonName>{name}</commonName><policySchema>2</policySchema>"
                "<certificateValidity><validityPeriodSeconds>31536000"
                "</validityPeriodSeconds><renewalPeriodSeconds>3628800"
                "</renewalPeriodSeconds></certificateValidity><permission>"
                f"<enroll>{enroll}</enroll><autoEnroll>false</autoEnroll>"
                "</permission><privateKeyAttributes><minimalKeyLength>2048"
                "</minimalKeyLength></privateKeyAttributes>"
                "<privateKeyFlags>0</privateKeyFlags>"
                f"<subjectNameFlags>{names}</subjectNameFlags>"
                "<enrollmentFlags>2</enrollmentFlags>"
                "<rARequirements/></attributes></policy>")

    def policies(self, _request, _login):
        der = openssl("x509", "-in", self.path("issuing.pem"),
                      "-outform", "DER")
        places = "".join(
            f"<cAURI><clientAuthentication>{number}</clientAuthentication>"
            f"<uri>{self.url(login)}</uri><priority>1</priority><renewalOnly>"
            "false</renewalOnly></cAURI>" for login, number in LOGINS.items())
        return (f'<GetPoliciesResponse xmlns="{POLICY}"><response>'
                "<policyID>{ABC}</policyID><policyFriendlyName>Corp"
                "</policyFriendlyName><policies>" + self.template(TEMPLATE) +
                self.template("Machine", names=0x18000000) +
                self.template("Secret", enroll="false") +
                f"</policies></response><cAs><cA><uris>{places}</uris>"
                f"<certificate>{base64.b64encode(der).decode()}</certificate>"
                "<enrollPermission>true</enrollPermission><cAReferenceID>0"
                "</cAReferenceID></cA></cAs></GetPoliciesResponse>")

    def check_user(self, head):
        """WS-Security with a time that is now, and the right password."""
        security = head.find(f"{{{SEC}}}Security")
        if security is None or security.get(f"{{{SOAP}}}mustUnderstand") != "1":
            raise bad_login()
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        stamp = security.find(f"{{{UTIL}}}Timestamp")
        user = security.find(f"{{{SEC}}}UsernameToken")
        if stamp is None or user is None or not \
                stamp.findtext(f"{{{UTIL}}}Created") <= now <= \
                stamp.findtext(f"{{{UTIL}}}Expires") or \
                user.findtext(f"{{{SEC}}}Password") != PASSWORD:
            raise bad_login()
        return user.findtext(f"{{{SEC}}}Username")

    def speak(self, path, who, text):
        """Status and body."""
        root = ET.fromstring(text)
        head, body = (root.find(f"{{{SOAP}}}{n}") for n in ("Header", "Body"))
        relates = need(head, f"{{{WSA}}}MessageID", "message id")
        action = need(head, f"{{{WSA}}}Action", "action")
        status = 200
        try:
            login = next(k for k in LOGINS if f"_{k}/" in path)
            if need(head, f"{{{WSA}}}To", "receiver") != \
                    f"https://{self.host}{path}":
                raise Fault(0, "another receiver")
            if login == USER:
                who = self.check_user(head)
            elif head.find(f"{{{SEC}}}Security") is not None:
                raise Fault(0, "a password that nobody asked for")
            known = {ENROLL + "/RST/wstep": (f"{{{WST}}}RequestSecurityToken",
                                             self.enroll),
                     POLICY + "/IPolicy/GetPolicies":
                         (f"{{{POLICY}}}GetPolicies", self.policies)}
            name, method = known[action]
            answer = method(body.find(name), login)
            action = ENROLL + "/RSTRC/wstep"
        except Fault as fault:
            status, answer, action = 500, fault.body(), WSA + "/soap/fault"
        what = next(w for w in ("query", "request", "policies")
                    if {"query": b"QueryTokenStatus", "request": b"#PKCS10",
                        "policies": b"GetPolicies"}[w] in text)
        self.heard.append((what, login, who))
        return status, ANSWER.format(soap=SOAP, wsa=WSA, action=action,
                                     relates=relates, body=answer).encode()

    # -- the server behind Apache

    def start(self):
        ca = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                with ca.lock:
                    status, body = ca.speak(self.path,
                                            self.headers["X-User"], text)
                self.send_response(status)
                self.send_header("Content-Type",
                                 "application/soap+xml; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
