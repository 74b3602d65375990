"""A headless Chromium that looks up nothing in the network, driven by selenium."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

BROWSER, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = "" if BROWSER and DRIVER else "no chromium here: apt-get install chromium chromium-driver"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --hide-scrollbars"
)

CONTRASTS = """
const numbers = (colour) =>
  colour.match(/[\\d.]+/g).map((each) => Number(each) * (colour.startsWith("color(") ? 255 : 1));
const light = (colour) => {
  const linear = (c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const [r, g, b] = numbers(colour).map((c) => linear(c / 255));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = (element) => {
  const colour = getComputedStyle(element).backgroundColor;
  return !colour.startsWith("rgba") ? colour : ground(element.parentElement);
};
const said = [...document.querySelectorAll("body *")].filter((element) =>
  element.checkVisibility() && !element.closest("svg, option, script, mark") &&
  [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
return said.map((element) => {
  const [a, b] = [light(getComputedStyle(element).color), light(ground(element))].sort();
  return [(b + 0.05) / (a + 0.05), element.outerHTML.slice(0, 120)];
}).sort((one, other) => one[0] - other[0])[0];
"""
"""The least contrast of any text on the page with what is behind it, and where that is."""


@contextmanager
def open_chromium(*flags: str) -> Iterator[Any]:
    """A selenium driver with an empty profile; what the page says on its console is kept for `get_log`."""
    from selenium import webdriver

    with TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = BROWSER
        for flag in (*FLAGS.split(), f"--user-data-dir={profile}", *flags):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
        try:
            yield driver
        finally:
            driver.quit()
