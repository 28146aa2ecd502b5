/** Classes that break each rule of the architecture, to prove that the rules notice. */
package dev.quarry.tool.planted;
