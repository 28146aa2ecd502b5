package dev.quarry.tool.terminal;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a number of bytes: {@code 65536}, {@code 64K}, {@code 64KiB}, {@code 1GB}. */
public final class ByteSize implements ITypeConverter<Long> {

  private static final Pattern SYNTAX = Pattern.compile("(\\d{1,18})\\s*([KMGT]?)(I?B)?");

  @Override
  public Long convert(String text) {
    Matcher matcher = SYNTAX.matcher(text.toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw new TypeConversionException(fault(text));
    }
    String unit = matcher.group(2);
    boolean decimal = "B".equals(matcher.group(3)) && !unit.isEmpty();
    long size = Long.parseLong(matcher.group(1));
    try {
      for (int power = unit.isEmpty() ? 0 : "KMGT".indexOf(unit) + 1; power > 0; power--) {
        size = Math.multiplyExact(size, decimal ? 1000L : 1024L);
      }
    } catch (ArithmeticException e) {
      throw new TypeConversionException(fault(text));
    }
    return size;
  }

  private static String fault(String text) {
    return "'" + text + "' is not a number of bytes, such as 65536, 64K, 64KiB or 1GB";
  }
}
