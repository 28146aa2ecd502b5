/** Attacks with real processes: ones that are killed, or have less than they need. */
@NullMarked
package dev.quarry.crash.process;

import org.jspecify.annotations.NullMarked;
