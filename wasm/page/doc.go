// Package page is what a dialect and the page say to each other: argument
// values in, settled promises, events and tables of messages out. It holds no
// JavaScript: a dialect written against it runs in a test as it runs in a
// browser. Package jsx is the other side.
//
// # Arguments
//
// The page writes the arguments of a call as tagged values ([DecodeValues]).
// Objects cross field by field, or, where only their JSON text matters, as that
// text. An argument of a type that no method takes (function, symbol, big
// integer) crosses as [Other], so that every check stands in the dialect.
//
// # Answers
//
// Results and events cross as small JSON texts, written with the appenders
// here. Integers that may reach 2^53 cross as strings. Messages, of which there
// may be many, cross as a [Table]: one array of numbers and one run of text per
// frame, which the page decodes once.
package page
