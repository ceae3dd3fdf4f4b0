// The built-in sample case: the article's six files, put into the page when it is built.
import access from "../../../tests/cases/article/access.log?raw";
import dns from "../../../tests/cases/article/dns.log?raw";
import ftp from "../../../tests/cases/article/ftp-iis-syslog.log?raw";
import services from "../../../tests/cases/article/known_services.log?raw";
import nfdump from "../../../tests/cases/article/nfdump-line.txt?raw";
import x509 from "../../../tests/cases/article/x509.json?raw";
import type { Evidence } from "../shared/messages.ts";

const FILES: Record<string, string> = {
	"access.log": access,
	"dns.log": dns,
	"ftp-iis-syslog.log": ftp,
	"known_services.log": services,
	"nfdump-line.txt": nfdump,
	"x509.json": x509,
};

export const sampleCase = (): Evidence[] =>
	Object.entries(FILES).map(([name, text]) => ({
		file: new File([text], name),
		path: name,
		sensor: "",
		site: "",
	}));
