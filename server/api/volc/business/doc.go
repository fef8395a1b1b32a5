// Package business carries what clients of the Volc dialect say to their business
// servers, worded as that dialect has it (volc.md §4).
package business
