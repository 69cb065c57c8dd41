"""The paper members know: an invoice with its payment part, drawn to the millimetre.

Pure Python on reportlab: no database, no clock, no settings. What is to be read comes in as a
:class:`~.content.Notice` whose texts are in the reader's language already; :class:`~.document.Document`
draws any number of them into one PDF. A country's payment part is a table of boxes with their places
in millimetres (:mod:`.payment_part`), made by the country's own add-on.
"""
