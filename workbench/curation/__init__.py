"""Finding what is wrong with a data set: copies, bad pictures, wrong labels, leaks, shortcuts. Jobs that yield findings."""
