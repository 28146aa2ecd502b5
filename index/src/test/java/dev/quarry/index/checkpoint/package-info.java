@org.jspecify.annotations.NullMarked
package dev.quarry.index.checkpoint;
