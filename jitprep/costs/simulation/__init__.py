"""Simulation of many readers that read one data set through one door, by discrete events."""
