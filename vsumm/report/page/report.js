// Jump to moments, tick picks, and say which command or summary makes the reel again. Everything
// that can be read is in the page without this.
"use strict";

const summary = JSON.parse(document.getElementById("summary").textContent);
summary.segments = toRows(summary.segments);
const page = JSON.parse(document.getElementById("page").textContent);
const player = document.getElementById("film");
const chart = document.querySelector(".chart");
const edit = document.querySelector(".edit");
const boxes = [...document.querySelectorAll("input[data-start]")];
const duration = summary.media.duration_seconds;

const pieceOf = (element) => ({
  start: Number(element.dataset.start),
  end: Number(element.dataset.end),
  row: element.closest("tr"),
});

// One list per field, and one per signal, become one object per segment.
function toRows(columns) {
  const pick = (lists, k) =>
    Object.fromEntries(
      Object.entries(lists).map(([name, list]) => [name, Array.isArray(list) ? list[k] : pick(list, k)]),
    );
  return (columns.score ?? []).map((_, k) => pick(columns, k));
}

function clock(seconds, digits = 1) {
  const whole = Math.round(seconds * 10 ** digits);
  const unit = 10 ** digits;
  const rest = (whole % (60 * unit)) / unit;
  const minutes = Math.floor(whole / (60 * unit));
  const text = rest.toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return minutes < 60
    ? `${minutes}:${text}`
    : `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${text}`;
}

// As few digits as say the time exactly to the millisecond.
const exact = (seconds) => clock(seconds, 3).replace(/\.?0+$/, "");

// ---- playing -------------------------------------------------------------------------------

let queue = [];
let current = null;

function playNext() {
  current?.row.classList.remove("playing");
  current = queue.shift() ?? null;
  if (!current) {
    player.pause();
    return;
  }
  current.row.classList.add("playing");
  player.currentTime = current.start;
  player.play().catch(() => {}); // the error is said where it happens, see below
}

function play(pieces) {
  queue = pieces;
  playNext();
}

if (player) {
  const figure = player.closest(".player");
  const holder = figure.parentElement;
  const cursor = document.getElementById("playhead");

  player.addEventListener("timeupdate", () => {
    cursor.hidden = false;
    cursor.style.left = `${(100 * player.currentTime) / duration}%`;
    if (current && !player.seeking && player.currentTime >= current.end) playNext();
  });
  // Somebody who seeks by hand leaves the pick.
  player.addEventListener("seeked", () => {
    const isOutside =
      current && (player.currentTime < current.start - 0.5 || player.currentTime > current.end + 0.5);
    if (isOutside) {
      current.row.classList.remove("playing");
      current = null;
      queue = [];
    }
  });
  player.addEventListener("error", () => {
    figure.querySelector(".missing").hidden = false;
  });
  if (player.error) figure.querySelector(".missing").hidden = false;

  // Once it plays out of sight, the player follows in a corner.
  if (player.tagName === "VIDEO") {
    let isInSight = true;
    const dock = () => {
      const isDocked = !isInSight && !player.paused;
      holder.style.height = isDocked ? `${holder.offsetHeight}px` : "";
      figure.classList.toggle("docked", isDocked);
    };
    new IntersectionObserver(([entry]) => {
      isInSight = entry.isIntersecting;
      dock();
    }).observe(holder);
    player.addEventListener("play", dock);
    player.addEventListener("pause", dock);
  }

  for (const link of document.querySelectorAll("a[data-start]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      play([pieceOf(link)]);
    });
  }
}

// ---- the chart -----------------------------------------------------------------------------

const overlay = chart?.querySelector(".overlay");
const readout = document.querySelector(".readout");

function secondsAt(event) {
  const box = overlay.getBoundingClientRect();
  return duration * Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
}

function describe(seconds) {
  const row = summary.segments.find((s) => s.start_seconds <= seconds && seconds < s.end_seconds);
  const known = row ? [["score", row.score], ...Object.entries(row.signals)] : [];
  const parts = known
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${value.toFixed(2)}`);
  return [clock(seconds), ...(parts.length ? parts : ["not scored"])].join(" · ");
}

if (overlay) {
  const pointer = document.getElementById("pointer");
  const hint = readout.textContent;
  overlay.addEventListener("pointermove", (event) => {
    const seconds = secondsAt(event);
    pointer.hidden = false;
    pointer.style.left = `${(100 * seconds) / duration}%`;
    readout.textContent = describe(seconds);
  });
  overlay.addEventListener("pointerleave", () => {
    pointer.hidden = true;
    readout.textContent = hint;
  });
  if (player) {
    chart.classList.add("live");
    overlay.addEventListener("click", (event) => {
      play([]);
      player.currentTime = secondsAt(event);
      player.play().catch(() => {});
    });
  }
}

// ---- the edited reel -----------------------------------------------------------------------

const lengthOf = (pieces) => pieces.reduce((sum, piece) => sum + piece.end - piece.start, 0);
// A runner-up may overlap a pick whose edge was moved off the grid: the two become one piece.
function ticked() {
  const pieces = [];
  const inOrder = boxes.filter((box) => box.checked).map(pieceOf).sort((a, b) => a.start - b.start);
  for (const { start, end } of inOrder) {
    const last = pieces.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else pieces.push({ start, end });
  }
  return pieces;
}

// Numbers of pieces in the order of the reel: each takes the place of the first pick that it shows,
// any other one comes behind the piece before it.
function orderOf(pieces) {
  const picks = boxes.filter((box) => box.defaultChecked).map(pieceOf);
  let place = -1;
  const places = pieces.map(({ start, end }) => {
    const found = picks.findIndex((pick) => pick.start < end && start < pick.end);
    if (found >= 0) place = found;
    return place;
  });
  return pieces.map((_, number) => number).sort((a, b) => places[a] - places[b]);
}

const inOrder = (pieces) =>
  summary.order.length ? orderOf(pieces).map((number) => pieces[number]) : pieces;
const isChanged = () => boxes.some((box) => box.checked !== box.defaultChecked);

function command() {
  const dropped = boxes.filter((box) => box.defaultChecked && !box.checked);
  const kept = boxes.filter((box) => !box.defaultChecked && box.checked);
  const words = ["vsumm render", page.quoted_summary];
  if (dropped.length) words.push("--drop", dropped.map((box) => box.dataset.number).join(","));
  for (const { start, end } of kept.map(pieceOf)) words.push("--keep", `${exact(start)}-${exact(end)}`);
  return words.join(" ");
}

function edited() {
  const copy = structuredClone(summary);
  const pieces = ticked();
  if (summary.order.length) copy.order = orderOf(pieces);
  if (isChanged()) copy.sound_shifts = []; // sound is cut with the picture where other pieces meet
  copy.pieces = pieces.map(({ start, end }) => ({ start_seconds: start, end_seconds: end }));
  for (const row of copy.segments) {
    const shown = pieces.map(
      ({ start, end }) => Math.min(row.end_seconds, end) - Math.max(row.start_seconds, start),
    );
    row.selected = Math.max(0, ...shown) > (row.end_seconds - row.start_seconds) / 2;
  }
  // The reel that was asked for by hand may be longer than the budget that was asked for before.
  copy.budget_seconds = Math.max(copy.budget_seconds, lengthOf(pieces));
  return JSON.stringify(copy, null, 2) + "\n";
}

function refresh() {
  const pieces = ticked();
  const seconds = lengthOf(pieces);
  const over = seconds - summary.budget_seconds;
  document.getElementById("total").textContent = clock(seconds);
  document.getElementById("count").textContent =
    `${pieces.length} ${pieces.length === 1 ? "piece" : "pieces"}`;
  const warning = document.getElementById("over");
  warning.hidden = over < 0.05;
  warning.textContent = `${over.toFixed(1)} s over the budget`;
  document.getElementById("command").textContent = command();
  for (const element of edit.querySelectorAll(".changed-only")) element.hidden = !isChanged();
  edit.querySelector(".hint").hidden = isChanged();
  say("");
  for (const box of boxes) {
    box.closest("tr").classList.toggle("off", box.defaultChecked && !box.checked);
    const band = document.getElementById(box.dataset.band);
    band.classList.toggle("off", box.defaultChecked && !box.checked);
    band.classList.toggle("on", !box.defaultChecked && box.checked);
  }
}

function say(text) {
  document.getElementById("said").textContent = text;
}

async function copyCommand() {
  const code = document.getElementById("command");
  try {
    await navigator.clipboard.writeText(code.textContent);
    say("Copied.");
  } catch {
    getSelection().selectAllChildren(code); // where a page may not copy, the user does
    say("Selected: copy it with your keyboard.");
  }
}

function download() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([edited()], { type: "application/json" }));
  link.download = page.edited_name;
  link.click();
  URL.revokeObjectURL(link.href);
  say(`Saved as ${page.edited_name}.`);
}

if (edit) {
  for (const box of boxes) {
    box.disabled = false;
    box.addEventListener("change", refresh);
  }
  document.getElementById("copy").addEventListener("click", copyCommand);
  document.getElementById("download").addEventListener("click", download);
  document.getElementById("reset").addEventListener("click", () => {
    for (const box of boxes) box.checked = box.defaultChecked;
    refresh();
  });
  const playAll = document.getElementById("play-all");
  if (player) playAll.addEventListener("click", () => play(inOrder(ticked())));
  else playAll.hidden = true;
  for (const box of boxes) box.checked = box.defaultChecked; // browsers restore old ticks
  edit.hidden = false;
  refresh();
}
