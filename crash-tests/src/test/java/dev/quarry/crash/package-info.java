@NullMarked
package dev.quarry.crash;

import org.jspecify.annotations.NullMarked;
