"""A small web site about bees: articles, a long page, forms, scripts, files, and links that lead astray."""

from __future__ import annotations

from tests.tools.servers.web_server import Answer, Asked, WebServer

_PARAGRAPH = (
    "Honey bees live in colonies of many thousands, and every one of them has work to do that changes with its age. "
    "Young bees clean cells and feed larvae, older ones build comb, and the oldest fly out for nectar and pollen. "
)
HOME = """<!DOCTYPE html><html><head><title>All about bees</title><style>p{}</style></head><body>
<nav><a href="/">Home</a> <a href="/long">Long read</a></nav>
<h1>Bees</h1><p>Start with the <a href="/article">article on honey</a>, or see <a href="table.html">a table</a>.</p>
<p hidden>secret words</p><div style="display:none">unseen words</div>
<p><a href="/files/report.csv">The report</a> and <a href="/files/report.pdf">its PDF</a>. <a href="#top">Top</a></p>
<p><a href="/inner">Inner</a> <a href="/closed/x">Closed</a> <a href="/missing">Missing</a> <a href="/jump">Jump</a></p>
<form action="/search"><input type="hidden" name="t" value="1"><input name="q" placeholder="Search bees">
<button>Go</button></form>
</body></html>"""
ARTICLE = f"""<html><head><title>Honey</title></head><body><header><a href="/">Home</a> Menu Cookie banner</header>
<article><h1>Honey</h1><p>{_PARAGRAPH}</p><h2>Temperature</h2>
<p>The brood nest is kept at 34.5 degrees Celsius all year round. {_PARAGRAPH}</p>
<h2>Yield</h2><p>A colony gives about 23 kilograms of honey in a good year. {_PARAGRAPH}</p></article>
<footer>Imprint, all rights reserved</footer></body></html>"""
LONG = "<html><head><title>Long read</title></head><body>" + "".join(
    f"<p>Paragraph {n} of the long read. {_PARAGRAPH}</p>" for n in range(60)
) + "<p>The waggle\ndance ends it.</p></body></html>"  # fmt: skip
SCRIPTED = """<html><head><title>Counter</title></head><body><p id="out">Not yet counted.</p>
<button onclick="document.getElementById('out').textContent = 'Counted to ' + (++window.n)">Count</button>
<script>window.n = 41; document.getElementById('out').insertAdjacentHTML('afterend', '<p>Written by a script.</p>');
</script></body></html>"""


def bee_site(server: WebServer) -> None:
    server.on("/robots.txt", Answer(body="User-agent: *\nDisallow: /closed/\n", media_type="text/plain"))
    server.page("/", HOME)
    server.page("/article", ARTICLE)
    server.page("/long", LONG)
    server.page("/scripted", SCRIPTED)
    server.page("/closed/x", "<p>You should not read this.</p>")
    server.page("/table.html", "<table><tr><th>Kind</th><th>Wings</th></tr><tr><td>Bee</td><td>4</td></tr></table>")
    server.on("/inner", Answer(302, headers={"Location": "http://169.254.169.254/latest/meta-data/"}))
    server.on("/jump", Answer(302, headers={"Location": "/closed/x"}))
    server.on("/files/report.csv", Answer(body="kind,wings\nbee,4\n", media_type="text/csv"))
    server.on("/files/report.pdf", Answer(body=b"%PDF-1.4 bees", media_type="application/pdf"))
    server.on("/notes.txt", Answer(body="plain notes on bees", media_type="text/plain"))
    server.on("/search", _search)


def _search(asked: Asked) -> Answer:
    return Answer(body=f"<title>Results</title><p>You searched for {asked.query['q']}.</p>")
