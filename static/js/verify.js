// The script of the page on which a visitor computes a round again; it sends nothing anywhere.
import { startVerifying } from "./verify/page.js";

startVerifying(document);
