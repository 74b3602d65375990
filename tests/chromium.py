"""A headless Chromium that looks up nothing in the network, driven by selenium, and somebody who sits at it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

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


class Visitor:
    """Somebody at a browser, at pages that open by a link."""

    there: ClassVar[str]
    """Selector of what a page has once it has opened."""
    patience_s: ClassVar[int] = 60

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def come(self, link: str, width: int = 1280, dark: bool = False) -> None:
        self.look(width, dark)
        self.driver.get("about:blank")
        self.driver.get(link)
        self.until(lambda: self.all(self.there))

    def look(self, width: int, dark: bool) -> None:
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})

    def forget(self) -> None:
        """As if nobody had been here."""
        self.driver.get("about:blank")
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.driver.get_log("browser")

    def all(self, selector: str) -> list[Any]:
        found: list[Any] = self.driver.find_elements("css selector", selector)
        return found

    def exactly(self, selector: str) -> list[str]:
        """The text of each, hidden or not, to the letter."""
        script = "return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
        found: list[str] = self.driver.execute_script(script, selector)
        return found

    def press(self, keys: str) -> None:
        self.driver.switch_to.active_element.send_keys(keys)

    def until(self, true: Callable[[], Any]) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.driver, self.patience_s, poll_frequency=0.02).until(lambda _: true())

    def clean(self) -> None:
        """The browser had nothing to complain of, and nothing that a model said was run."""
        log = self.driver.get_log("browser")
        assert [each for each in log if "Failed to load resource" not in each["message"]] == []
        assert self.driver.execute_script("return [window.broken ?? null, document.images.length]") == [None, 0]
