/**
 * Bugs that are planted in a copy of the sources, to see that the tests catch them; see
 * docs/testing.md.
 */
@NullMarked
package dev.quarry.crash.planted;

import org.jspecify.annotations.NullMarked;
