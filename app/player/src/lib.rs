//! Clock, transport, commands and the frame store of the player.
