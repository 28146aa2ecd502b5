@NullMarked
package dev.quarry.crash.history;

import org.jspecify.annotations.NullMarked;
