@NullMarked
package dev.quarry.bloom;

import org.jspecify.annotations.NullMarked;
