// Package config holds the settings of "parley serve" and "parley dev".
//
// A setting's value comes from the last of these that names it:
//
//	defaults < file < environment < flag
//
// One table, in settings.go, says for each setting what it is called in all
// three places, its default, its range, and what it does. The loader, Doc and
// Show all read that table, so that they can't disagree.
//
//	limits.maxFrameBytes              in the file, below "limits"
//	PARLEY_LIMITS_MAX_FRAME_BYTES     in the environment
//	--limits.max-frame-bytes          as a flag
//
// Apps are a list. The file writes it out; PARLEY_APPS and --apps replace the
// whole list by YAML or JSON text; and each app's secrets can be given alone, so
// that they needn't stand in a file: PARLEY_APP_<NAME>_SERVER_SECRETS and
// PARLEY_APP_<NAME>_CALLBACK_SECRET.
//
// A name that isn't known is an error that names the nearest known one, in the
// file as in the environment and among flags. Load reports all mistakes that it
// finds, not the first. It reads the one file that it is given and touches
// nothing else; Check judges what was loaded, before anything is opened.
//
// A Secret prints as its fingerprint, whatever prints it.
package config
