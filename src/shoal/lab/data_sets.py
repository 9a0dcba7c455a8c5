"""Guarantee: each built-in data set says what it is good for."""

DESCRIPTIONS = {  # by the name in shoal.datasets: title, and a sentence
    "flower": ("Planar flower", "The course's: petals of two classes, no line separates them."),
    "moons": ("Moons", "Two half circles that reach into each other."),
    "circles": ("Circles", "A disc within a ring: three units can fence it in."),
    "xor": ("XOR", "The class is whether x1 and x2 differ in sign."),
    "spirals": ("Spirals", "Two arms: it takes many units, and patience."),
    "blobs": ("Blobs", "Two clouds: a line nearly does."),
    "noise": ("Noise", "Nothing to learn: what is learned all the same is memorised."),
    "imbalance": ("Imbalance", "20 of 400 points are of class 1."),
}
