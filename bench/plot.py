"""Small multiples as SVG: one panel a question, both axes logarithmic, wall and processor seconds as two lines."""
import math
from xml.sax.saxutils import escape

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM, COLUMNS = 380, 300, 62, 40, 18, 48, 3
SERIES = [("cpu", "processor seconds", "#1b6ca8", ""), ("wall", "wall seconds", "#c2571a", "5 3")]
STYLE = ("text{font:12px system-ui,sans-serif;fill:#222}.title{font-weight:600;font-size:14px}.small{font-size:11px;"
         "fill:#555}.grid{stroke:#ddd}.frame{stroke:#888;fill:none}")


def short(number):
    """1500000 as 1.5M; seconds as they are."""
    for unit, suffix in ((1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g}{suffix}"
    return f"{number:.3g}"


class Scale:
    """From a value to a place on the page, by logarithm."""

    def __init__(self, low, high, start, end):
        self.low, self.high, self.start, self.end = math.log(low), math.log(high), start, end

    def at(self, value):
        part = (math.log(value) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def decades(low, high):
    ticks = [m * 10 ** e for e in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1) for m in (1, 2, 5)]
    inside = [t for t in ticks if low <= t <= high]
    return [t for t in inside if f"{t:.0e}".startswith("1")] if len(inside) > 7 else inside


def line(scale_x, scale_y, points, key, colour, dash):
    places = [(scale_x.at(p["size"]), scale_y.at(p[key])) for p in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in places)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5" stroke-dasharray="{dash}"/>{dots}'


def panel(data, x, y):
    points = data["points"]
    sizes = [p["size"] for p in points]
    times = [p[key] for p in points for key, *_ in SERIES]
    low, high = min(times) / 1.5, max(times) * 1.5
    scale_x = Scale(min(sizes) / 1.15, max(sizes) * 1.15, LEFT, WIDTH - RIGHT)
    scale_y = Scale(low, high, HEIGHT - BOTTOM, TOP)
    out = [f'<g transform="translate({x},{y})"><text class="title" x="{LEFT}" y="18">{escape(data["title"])}</text>',
           f'<text class="small" x="{LEFT}" y="33">slope {data["slope"]} (1: in proportion)</text>']
    for tick in decades(low, high):
        at = scale_y.at(tick)
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
                   f'<text class="small" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{short(tick)} s</text>')
    for size in sizes:
        at = scale_x.at(size)
        out.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
                   f'<text class="small" x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{short(size)}</text>')
    out.append(f'<rect class="frame" x="{LEFT}" y="{TOP}" width="{WIDTH - RIGHT - LEFT}" height="{HEIGHT - BOTTOM - TOP}"/>'
               f'<text class="small" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 14}" text-anchor="middle">'
               f'{escape(data["axis"])}</text>')
    out += [line(scale_x, scale_y, points, key, colour, dash) for key, _, colour, dash in SERIES]
    return "".join(out) + "</g>"


def growth(panels):
    rows = math.ceil(len(panels) / COLUMNS)
    width, height = COLUMNS * WIDTH, rows * HEIGHT + 40
    legend = "".join(
        f'<line x1="{LEFT + i * 170}" x2="{LEFT + 28 + i * 170}" y1="20" y2="20" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/><text x="{LEFT + 34 + i * 170}" y="24">{name}</text>'
        for i, (_, name, colour, dash) in enumerate(SERIES))
    body = "".join(panel(data, i % COLUMNS * WIDTH, 40 + i // COLUMNS * HEIGHT) for i, data in enumerate(panels.values()))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="Time against size"><style>{STYLE}</style>'
            f'<rect width="{width}" height="{height}" fill="white"/>{legend}{body}</svg>\n')
