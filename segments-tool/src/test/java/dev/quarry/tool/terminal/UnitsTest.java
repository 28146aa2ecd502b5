package dev.quarry.tool.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class UnitsTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0 B",
    "1023, 1023 B",
    "1024, 1.00 KiB",
    "1536, 1.50 KiB",
    "16384, 16.0 KiB",
    "1048576, 1.00 MiB",
    "1073741824, 1.00 GiB",
    "9223372036854775807, 8.00 EiB"
  })
  void bytesAreShownInTheUnitThatFits(long bytes, String shown) {
    assertEquals(shown, Units.bytes(bytes));
  }

  @ParameterizedTest
  @CsvSource({"1, 0.00 us", "12345, 12.3 us", "12345678, 12.3 ms", "123456789012, 123 s"})
  void timesAreShownInTheUnitThatFits(long nanos, String shown) {
    assertEquals(shown, Units.time(nanos));
  }

  @Test
  void ratesArePerSecond() {
    assertEquals("100 MB/s", Units.throughput(50_000_000, 500_000_000));
    assertEquals("2,000 puts/s", Units.rate(1_000, 500_000_000, "puts"));
    assertEquals("1.0322", Units.ratio(10_322, 10_000));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "65536, 65536",
    "64K, 65536",
    "64k, 65536",
    "64KiB, 65536",
    "64 KiB, 65536",
    "1GB, 1000000000",
    "1G, 1073741824",
    "2TiB, 2199023255552"
  })
  void sizesAreReadWithAndWithoutUnits(String text, long bytes) {
    assertEquals(bytes, new ByteSize().convert(text));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "K", "-1", "1.5G", "1X", "99999999999999T", "1GiBB"})
  void whatIsNoSizeIsRefused(String text) {
    assertThrows(TypeConversionException.class, () -> new ByteSize().convert(text));
  }

  @Test
  void columnsOfATableLineUp() {
    Table table = new Table("name", ">number", "note");
    table.add("a", "1", "");
    table.add("longer", "10,000", "x");

    assertEquals(
        List.of("name    number  note", "a            1", "longer  10,000  x"), table.lines());
  }

  @Test
  void aTableWithoutTitlesHasNoLineForThem() {
    Table table = new Table("", ">");
    table.add("a", "1");

    assertEquals(List.of("a  1"), table.lines());
    assertThrows(IllegalArgumentException.class, () -> table.add("too few"));
  }
}
