package main

// Where the pack is published, these are of the platform that is compiled for, in a file for each; they stay empty for a
// platform that it was not published for.
var (
	binary    []byte
	file      string   // that is embedded, as its name is in the folder
	sum       string   // the SHA-256 of it, when it was published, in hexadecimal
	suffix    string   // of a program's name
	platforms []string // that there are binaries for
)
