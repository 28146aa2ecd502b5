@NullMarked
package dev.quarry.index.sieve;

import org.jspecify.annotations.NullMarked;
