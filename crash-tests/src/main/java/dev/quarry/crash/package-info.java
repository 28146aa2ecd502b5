/** Tries to break what the store promises; see docs/testing.md. */
@NullMarked
package dev.quarry.crash;

import org.jspecify.annotations.NullMarked;
