package dev.quarry.segment;

/** What a name on a simulated disk stands for. */
sealed interface SimulatedNode permits SimulatedFile, SimulatedDirectory {}
