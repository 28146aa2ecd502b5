package dev.quarry.segment;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.invoke.LambdaConversionException;
import org.junit.jupiter.api.Test;

/** What passes and what does not. */
class LackTest {

  @Test
  void memoryThatRanOutWhileALambdaWasLinkedIsALack() {
    Error linking = new InternalError(new OutOfMemoryError("Java heap space"));
    assertTrue(Lack.is(linking));
    assertInstanceOf(DiskShortageException.class, Lack.of(linking));
    assertTrue(Lack.is(new BootstrapMethodError(new LambdaConversionException(linking))));
  }

  @Test
  void aFaultOfMappedMemoryIsNone() {
    Error fault = new InternalError("a fault occurred in an unsafe memory access operation");
    assertFalse(Lack.is(fault));
    assertNull(Lack.of(fault));
    assertFalse(Lack.is(new IOException("Input/output error", new OutOfMemoryError())));
  }
}
