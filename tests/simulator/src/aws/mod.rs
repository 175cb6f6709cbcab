//! Models of the AWS services we use, exact in what our code can observe, with time passed in.
