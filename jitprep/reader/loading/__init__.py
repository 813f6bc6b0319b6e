"""Loading of batches by worker processes, into memory that they share with the consumer.

`order` says which samples an epoch has, and `selection` which keys and labels there are. `stream`
begins as many batches as may be made ahead. `under_way` divides them into `tasks`, which the `workers`
take from one `task_queue`. A `worker` reads objects straight into a slot of the `ring`, and `assembly`
makes a batch of the results. With an `overflow`, a remote door makes what the workers cannot in time.
Nothing here needs PyTorch; `jitprep.reader.torch.Loader` does.
"""
