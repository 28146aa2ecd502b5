/** An embedded, log-structured blob store: the exceptions every floor throws. */
@NullMarked
package dev.quarry;

import org.jspecify.annotations.NullMarked;
