"""Load and faults: every read ends in the right bytes, or in an error that the documentation has.

``python -m soak`` (`make soak`) starts the endpoint with two real workers on an S3 that can fail, and
reads photographs through it as clients do. To follow it: `__main__`; `phases`, what is done and in which
order; `stage`, what stands meanwhile; `material`, `reads` and `clients`, what is asked and how answers
are judged; `faults` and `faulty_s3`, how S3 misbehaves; `workers`, who watches the processes and kills
them; `leavers`, `mutants`, `events` and `thieves`, who else does no good; `rows`, what came of it;
`laws`, what must hold; `report`.
"""
