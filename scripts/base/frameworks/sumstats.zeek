# The SumStats framework.
