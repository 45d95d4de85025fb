// The script of an auction's room: what everybody sees, and the form of a firm that takes part.
import { OfferForm } from "./auction/offer.js";
import { Room } from "./auction/room.js";

const root = document.querySelector("[data-auction]");
if (root) {
  const base = document.querySelector('meta[name="socket-base"]')?.content;
  const room = new Room(root, base);
  const form = root.querySelector("[data-offer]");
  if (form) new OfferForm(form, room).start();
  room.start();
}
