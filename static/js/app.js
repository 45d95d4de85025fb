// The one script of the pages. Each module looks for its own elements and is quiet where there are none.
import { startCountdowns } from "./countdown.js";
import { startFilters } from "./filters.js";
import { startLive } from "./live.js";
import { startConfirming } from "./confirm.js";
import { startMenus } from "./menus.js";
import { startThemes } from "./theme.js";

startThemes(document);
startMenus(document);
startFilters(document);
startConfirming(document);
startCountdowns(document);
startLive(document);
