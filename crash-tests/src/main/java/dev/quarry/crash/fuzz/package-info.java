/** Hostile files, fed to everything that reads one. */
@NullMarked
package dev.quarry.crash.fuzz;

import org.jspecify.annotations.NullMarked;
