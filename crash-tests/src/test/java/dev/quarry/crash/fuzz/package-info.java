@org.jspecify.annotations.NullMarked
package dev.quarry.crash.fuzz;
