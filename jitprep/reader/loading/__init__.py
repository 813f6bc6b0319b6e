"""Loading of batches by worker processes, into memory that they share with the consumer.

`order` says which samples an epoch has, and `selection` which keys and labels there are. `stream` puts
the batches together: it divides them into `tasks`, which the `workers` take from one `task_queue`. A
`worker` reads objects straight into a slot of the `ring`, and `assembly` makes a batch of the results.
Nothing here needs PyTorch; `jitprep.reader.torch.Loader` does.
"""
