"""Takes in many records from a file: each as if it had been posted, none in the way of
the next.

``lines`` reads the file, ``report`` writes what became of each record and knows where
an import that was stopped has to go on, ``run`` does the taking in.
"""
