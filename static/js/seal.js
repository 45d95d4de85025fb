// The one script that sees a bid before it is locked. Its SHA-256 is in the public log (PROTOCOL §2).
import { startSealing } from "./seal/page.js";

startSealing(document);
