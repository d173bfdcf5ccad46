/// Sentences that voices say which must not wake a model; written for this purpose.
enum Sentences {
  static let all = """
    The kettle is on and the tea will be ready soon.
    She left her umbrella at the station again.
    We walked along the river until it got dark.
    My brother works nights at the bakery in town.
    Please put the milk back in the fridge.
    The train to the coast was late this morning.
    He paints small boats on old pieces of wood.
    There are twelve eggs left in the basket.
    It rained all week, and the cellar is wet.
    Could you hand me the salt and the pepper?
    The children built a castle out of sand.
    Nobody remembers who planted that oak.
    I would like two tickets for the evening show.
    The dog next door barks at every bicycle.
    They moved to a smaller house near the lake.
    Turn left at the church and follow the road.
    Her first book was about bees and honey.
    The doctor asked me to drink more water.
    A cold wind came down from the mountains.
    We have no idea what the answer could be.
    The shop closes at half past six on Fridays.
    He wore a green coat and carried a violin.
    Most of the apples fell before the storm.
    You can borrow my ladder for the weekend.
    The teacher wrote the question on the board.
    I forgot to water the plants on the balcony.
    The film was far too long for my taste.
    Somebody is knocking at the back door.
    They say the bridge will be closed until May.
    Her grandmother makes the best plum cake.
    The lights went out twice during dinner.
    What time does the museum open tomorrow?
    He counts the steps whenever he climbs stairs.
    The cat sleeps on top of the warm oven.
    Our neighbours are growing beans this year.
    It takes about an hour to get to the airport.
    I heard a strange noise in the attic last night.
    The soup needs a little more garlic.
    She speaks three languages and learns a fourth.
    Do not forget to lock the garden gate.
    The old clock in the hall has stopped.
    They played cards until well after midnight.
    A letter came for you from the city office.
    The bus driver greeted everyone by name.
    We should paint the fence before winter.
    The boat drifted slowly towards the shore.
    I have never seen so many stars before.
    My shoes are still wet from yesterday.
    The price of butter has gone up again.
    He found a silver coin under the floor.
    Would you rather have coffee or juice?
    The path through the forest is very steep.
    The baby laughed at the wooden spoon.
    Everyone clapped when the music ended.
    The window will not close because of the paint.
    She keeps her recipes in a tin box.
    There was a long queue outside the bank.
    The farmer sold his last horse in autumn.
    I am looking for a blue envelope.
    They watched the snow fall all afternoon.
    The mayor promised to repair the fountain.
    Bring a towel, and we can go for a swim.
    The radio said it would be cloudy tomorrow.
    He always reads the last page first.
    Our flight was delayed by a thunderstorm.
    The carpet is red with small yellow flowers.
    Nine people answered the advertisement.
    She whistled a tune I had heard before.
    The lamp on the desk needs a new bulb.
    We bought bread, cheese and a bag of pears.
    It is quiet here once the tourists leave.
    The goalkeeper slipped on the wet grass.
    A fox crossed the road in front of us.
    I think the meeting has been moved to Thursday.
    The tailor shortened the sleeves by an inch.
    Please speak a little louder, I cannot hear you.
    They painted the kitchen in a pale yellow.
    The museum shows maps from the sixteenth century.
    His answer surprised everyone at the table.
    The wheels of the cart squeaked loudly.
    You have to press the button for a second.
    The library lends games as well as books.
    We met on a ferry many years ago.
    She cut the string with a pair of scissors.
    The bread smells wonderful this morning.
    There is a hole in the bottom of the bucket.
    Seven swans were resting on the pond.
    He could not find the key to the shed.
    The nurse wrote down my name and address.
    I would not go out without a scarf today.
    The engine started on the third attempt.
    They grow tomatoes under a roof of glass.
    A small crowd gathered around the singer.
    The kitchen tap has been dripping for days.
    Her voice could be heard across the yard.
    We left before the end of the second half.
    The mountain hut serves soup until eight.
    Do you know where the scissors are?
    The judge read the sentence twice.
    It was the warmest October in many years.
    """.split(separator: "\n").map(String.init)
}
