"""What a collection of MIDI files is like: counted, judged, drawn and laid out as a page.

`counting` asks the tables (DuckDB), `facts` is what it finds, `verdict` says in words what is good and what is not, `figures`
draws, `page` puts all of it into one file of HTML.
"""
