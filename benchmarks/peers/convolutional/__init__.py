"""The same with convolutions: 16C3-AP2-32C3-AP2-128-10 on images of 28 x 28, T = 8."""
